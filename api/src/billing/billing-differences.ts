import { isMoneyGone } from "@automna/core/billing/invoice-credits";
import { DAY_MS } from "@automna/core/shared/clock";
import { transactionLimits, type Database, type Transaction } from "@automna/records/database";
import type { Stripe } from "stripe";
import { idOf, toFetched } from "./fetch-subscription.ts";
import { findNamedUser } from "./find-payer.ts";
import type { RepairableDifference } from "./reconcile-billing.ts";
import { refreshSubscription } from "./refresh-subscription.ts";
import { readPurchase, settleInvoice } from "./settle-invoice.ts";
import { settleReturns } from "./settle-returns.ts";
import type { BillingDeps } from "./stripe-inbox.ts";

export type DifferenceDeps = BillingDeps & {
  stripe: Stripe;
  db: Database;
  /** When everything was last compared; 0 = never. */
  comparedUntilMs: number;
};
type Differences = AsyncGenerator<RepairableDifference>;

/** How long before the last comparison an invoice may have been made that was paid after it: a month and its dunning. */
const INVOICE_OPEN_MS = 62 * DAY_MS;
/** A card payment can be disputed for 120 days. */
const RETURNS_OPEN_MS = 130 * DAY_MS;
const REPAIR_TIMEOUT_MS = 30_000;

/** Every subscription of Stripe's whose facts are not ours. One of nobody we know is no difference of ours. */
export async function* findSubscriptionDifferences(deps: DifferenceDeps): Differences {
  for await (const subscription of deps.stripe.subscriptions.list({ status: "all", limit: 100 })) {
    const { id } = subscription;
    const ours = await deps.db.subscription.findUnique({ where: { id } });
    const fetched = toFetched(subscription);
    const theirs = describe(fetched);
    const mine = ours === null ? null : describe(ours);
    if (mine === theirs) continue;
    const payer = { namedUserId: fetched.userId, customerId: fetched.customerId };
    if ((await findNamedUser(deps.db, payer)) === null) continue;
    const repair = () => repairing(deps.db, (tx) => refreshSubscription(tx, deps, id));
    yield { kind: "subscription", id, ours: mine, theirs, repair };
  }
}

/** Paid invoices whose credits were never granted. */
export async function* findInvoiceDifferences(deps: DifferenceDeps): Differences {
  const since = createdSince(deps, INVOICE_OPEN_MS);
  for await (const { id } of deps.stripe.invoices.list({ status: "paid", created: since, limit: 100 })) {
    if ((await deps.db.paidInvoice.findUnique({ where: { id } })) !== null) continue;
    const purchase = await readPurchase(deps, id);
    if (purchase === null || (await findNamedUser(deps.db, purchase.payer)) === null) continue;
    const repair = () => repairing(deps.db, (tx) => settleInvoice(tx, deps, id));
    yield { kind: "invoice", id, ours: null, theirs: `paid, ${purchase.bought.credits} credits`, repair };
  }
}

/** Payments of which more or less went back than our records say. */
export async function* findReturnDifferences(deps: DifferenceDeps): Differences {
  const { stripe, db } = deps;
  const since = createdSince(deps, RETURNS_OPEN_MS);
  const returned = new Map<string, number>();
  const note = (payment: string | { id: string } | null, cents: number) => {
    if (payment !== null) returned.set(idOf(payment), (returned.get(idOf(payment)) ?? 0) + cents);
  };
  for await (const { payment_intent, amount, status } of stripe.refunds.list({ created: since, limit: 100 }))
    note(payment_intent, status === "failed" || status === "canceled" ? 0 : amount);
  for await (const { payment_intent, amount, status } of stripe.disputes.list({ created: since, limit: 100 }))
    note(payment_intent, isMoneyGone(status) ? amount : 0);
  for (const [paymentIntentId, cents] of returned) {
    const payment = { payment_intent: paymentIntentId, type: "payment_intent" };
    const [paid] = (await stripe.invoicePayments.list({ payment })).data;
    const ours = paid === undefined ? null : await db.paidInvoice.findUnique({ where: { id: idOf(paid.invoice) } });
    if (ours === null || ours.returnedCents === cents) continue;
    const repair = () => repairing(db, (tx) => settleReturns(tx, deps, paymentIntentId));
    yield {
      kind: "returned_money",
      id: ours.id,
      ours: `${ours.returnedCents} cents`,
      theirs: `${cents} cents`,
      repair,
    };
  }
}

/** Stripe's filter for what may have changed since everything was last compared. */
function createdSince({ comparedUntilMs }: DifferenceDeps, openMs: number): { gte: number } {
  return { gte: Math.max(0, Math.floor((comparedUntilMs - openMs) / 1_000)) };
}

async function repairing(db: Database, repair: (tx: Transaction) => Promise<unknown>): Promise<boolean> {
  await db.$transaction(repair, { ...transactionLimits, timeout: REPAIR_TIMEOUT_MS });
  return true;
}

function describe({
  tier,
  nextTier,
  status,
  periodEnd,
  endsAtPeriodEnd,
}: {
  tier: string | null;
  nextTier: string | null;
  status: string;
  periodEnd: Date;
  endsAtPeriodEnd: boolean;
}): string {
  const after = endsAtPeriodEnd ? ", then ends" : nextTier === null ? "" : `, then ${nextTier}`;
  return `${tier ?? "no plan of ours"}, ${status}, until ${periodEnd.toISOString()}${after}`;
}
