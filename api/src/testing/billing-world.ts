import { findAccount } from "@automna/records/credits/account";
import { startFakeStripe, type FakeStripe } from "@automna/testkit/fakes/stripe/fake-stripe";
import { createTestDatabase } from "@automna/testkit/postgres";
import type { Stripe } from "stripe";
import { openStripe } from "../billing/open-stripe.ts";
import { reconcileBilling, takeDueSteps, type ReconcileDeps } from "../billing/reconcile-billing.ts";
import { reportOverage } from "../billing/report-overage.ts";
import { ensureStripeCatalogue } from "../billing/stripe-catalogue.ts";
import { startTestApi, type TestApi, type TestApiOptions } from "./start-test-api.ts";
import { makeTestBrowser, type TestBrowser } from "./test-browser.ts";

/** An api that sells, with Stripe's stand-in and its whole catalogue, and one customer. */
export interface BillingWorld {
  api: TestApi;
  fake: FakeStripe;
  stripe: Stripe;
  ann: TestBrowser;
  userId: string;
  deps: ReconcileDeps;
  /** Lets the clocks of Stripe and of the api go on together. The sign-in does not last as long. */
  pass: (ms: number) => void;
  /** Until everything that Stripe told has had its effect. */
  settle: () => Promise<void>;
  /** Completes the checkout of this answer. */
  pay: (answer: { status: number; body: unknown }) => Promise<void>;
  available: () => Promise<number>;
  reconcile: () => ReturnType<typeof reconcileBilling>;
  close: () => Promise<void>;
}

export async function startBillingWorld(
  options: Pick<TestApiOptions, "trialDays" | "smtpUrl"> = {},
): Promise<BillingWorld> {
  let offsetMs = 0;
  const database = await createTestDatabase();
  const fake = await startFakeStripe();
  const stripe = openStripe({ key: fake.apiKey, url: fake.url });
  await ensureStripeCatalogue(stripe);
  const api = await startTestApi({
    ...options,
    databaseUrl: database.urlAs("automna_api"),
    stripe: { stripe, webhookSecret: fake.webhookSecret },
    clockOffsetMs: () => offsetMs,
  });
  fake.setWebhookUrl(`${api.origin}/api/webhooks/stripe`);
  const ann = makeTestBrowser(api.origin);
  const userId = await ann.signIn(api.startLink(), "ann@example.com");
  const now = () => Date.now() + offsetMs;
  const deps = { db: api.db, pool: api.pool, stripe, now, hint: async () => undefined };
  const settle = async () => {
    await fake.deliverer.drained();
    await api.inbox.runOnce();
    await reportOverage(deps);
    await takeDueSteps(deps);
  };
  return {
    api,
    fake,
    stripe,
    ann,
    userId,
    deps,
    settle,
    pass(ms) {
      fake.advance(ms);
      offsetMs += ms;
    },
    async pay({ status, body }) {
      if (status !== 200) throw new Error(JSON.stringify(body));
      if (!fake.completeCheckout((body as { url: string }).url.split("/").at(-1) ?? "")) throw new Error("not paid");
      await settle();
    },
    available: async () => (await findAccount(api.pool, userId))?.balances.available ?? 0,
    reconcile: () => reconcileBilling(deps),
    async close() {
      await api.close();
      await fake.close();
      await database.drop();
    },
  };
}
