import { createPrismaClientOver } from "@automna/prisma/client";
import { makePool, type Pool } from "@automna/records/pool";
import type { OverageBlock } from "@automna/records/credits/overage-blocks";
import { startFakeStripe, type FakeStripe } from "@automna/testkit/fakes/stripe/fake-stripe";
import { createTestDatabase } from "@automna/testkit/postgres";
import type { Stripe } from "stripe";
import { makeBillingHandlers } from "../../../api/src/billing/billing-handlers.ts";
import { ensureOverageItem } from "../../../api/src/billing/overage-item.ts";
import { openStripe } from "../../../api/src/billing/open-stripe.ts";
import type { ReconcileDeps } from "../../../api/src/billing/reconcile-billing.ts";
import { ensureStripeCatalogue } from "../../../api/src/billing/stripe-catalogue.ts";
import { makeCreditsHandlers } from "../../../api/src/credits/credits-handlers.ts";
import { makeFindTier } from "../../../api/src/credits/find-tier.ts";
import { startTestApi, type TestApi } from "../../../api/src/testing/start-test-api.ts";
import type { HandleInboxEvent } from "../../../api/src/webhooks/inbox-worker.ts";
import { makeMortalProcess, type MortalProcess } from "./crash.ts";

/** What a control breaks on purpose; nothing in the runs that count. */
export interface Sabotage {
  stripeInbox?: (deps: ReconcileDeps) => HandleInboxEvent;
  inboxKey?: (eventId: string) => string;
  blockIdentifier?: (block: OverageBlock) => string;
  /** Done to the database behind everybody's back in the middle of a history. */
  forge?: (owner: Pool, userId: string) => Promise<void>;
}

/** The real api over a real Postgres and Stripe's stand-in, all on one clock that only moves when it is told to. */
export interface MoneyWorld {
  api: TestApi;
  fake: FakeStripe;
  stripe: Stripe;
  mortal: MortalProcess;
  /** Egress, which spends; it does not die here. */
  egress: Pool;
  owner: Pool;
  deps: ReconcileDeps;
  billing: ReturnType<typeof makeBillingHandlers>;
  credits: ReturnType<typeof makeCreditsHandlers>;
  sabotage: Sabotage;
  nowMs: () => number;
  pass: (ms: number) => void;
  close: () => Promise<void>;
}

const START_MS = Date.UTC(2027, 0, 5, 12);

export async function openMoneyWorld(adminUrl: string, sabotage: Sabotage = {}): Promise<MoneyWorld> {
  let nowMs = START_MS;
  const database = await createTestDatabase(adminUrl);
  // Unchecked: the contract is another scenario's business, and costs more than everything else here.
  const fake = await startFakeStripe({ nowMs: () => START_MS, description: null });
  const stripe = openStripe({ key: fake.apiKey, url: fake.url });
  await ensureStripeCatalogue(stripe);
  const mortal = makeMortalProcess(database.urlAs("automna_api"));
  const db = createPrismaClientOver(mortal.pool);
  const deps: ReconcileDeps = { db, pool: mortal.pool, stripe, now: () => nowMs, hint: async () => undefined };
  const { inboxKey, stripeInbox } = sabotage;
  const api = await startTestApi({
    databaseUrl: database.urlAs("automna_api"),
    clients: { db, pool: mortal.pool },
    stripe: { stripe, webhookSecret: fake.webhookSecret },
    clockOffsetMs: () => nowMs - Date.now(),
    ...(stripeInbox === undefined ? {} : { stripeInbox: stripeInbox(deps) }),
    ...(inboxKey === undefined ? {} : { webhookGuards: { inboxKey } }),
  });
  const egress = makePool(database.urlAs("automna_egress"), { max: 3 });
  const owner = makePool(database.url, { max: 2 });
  return {
    api,
    fake,
    stripe,
    mortal,
    egress,
    owner,
    deps,
    billing: makeBillingHandlers({
      ...deps,
      freeTier: null,
      stripe,
      origin: api.origin,
      limitBilling: () => undefined,
    }),
    credits: makeCreditsHandlers({
      ...deps,
      findTier: makeFindTier(db, "local"),
      prepareOverage: (userId) => ensureOverageItem({ db, stripe }, userId),
    }),
    sabotage,
    nowMs: () => nowMs,
    pass(ms) {
      fake.advance(ms);
      nowMs += ms;
    },
    async close() {
      await mortal.restart();
      await api.close();
      await fake.close();
      await Promise.all([egress.end(), owner.end()]);
      await database.drop();
    },
  };
}

/** Forgets the customers of histories that are over; what is sold stays. */
export function forgetCustomers({ fake: { state } }: MoneyWorld): void {
  for (const items of [
    state.customers,
    state.checkouts,
    state.subscriptions,
    state.invoices,
    state.meterEvents,
    state.refunds,
    state.disputes,
    state.balanceTransactions,
  ])
    items.clear();
  state.events.length = 0;
}
