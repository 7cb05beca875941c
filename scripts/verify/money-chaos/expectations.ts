import { tierCatalogue, tiers, type Tier } from "@automna/core/tiers/catalogue";
import type { InvoiceRecord, SubscriptionRecord } from "@automna/testkit/fakes/stripe/records";
import type { StripeState } from "@automna/testkit/fakes/stripe/state";
import { dueOf } from "@automna/testkit/fakes/stripe/wire-invoice";

/** What has to be so, worked out from the stand-in's own records and by none of the platform's code. */

const CREDITS_OF_PACK = 1_000;

/** Credits that an invoice bought. */
export function creditsBought(state: StripeState, invoice: InvoiceRecord): number {
  if (invoice.status !== "paid") return 0;
  const isUpdate = invoice.reason === "subscription_update";
  let credits = 0;
  for (const { priceId, amount, quantity, isProration } of invoice.lines) {
    const name = nameOfPrice(state, priceId);
    if (name === "automna_credit_pack") credits += CREDITS_OF_PACK * quantity;
    const tier = tierNamed(name);
    if (tier === null || (isProration && !isUpdate)) continue;
    credits += (tierCatalogue[tier].creditsPerMonth * amount) / (state.prices.get(priceId)?.unitAmount ?? 1);
  }
  return Math.max(0, Math.round(credits));
}

/** Credits of it that had to be taken back: the share of the money that is gone. */
export function creditsGone(state: StripeState, invoice: InvoiceRecord): number {
  const paid = dueOf(invoice);
  const disputed = [...state.disputes.values()]
    .filter(({ invoiceId, status }) => invoiceId === invoice.id && status !== "won")
    .reduce((sum, { amount }) => sum + amount, 0);
  const gone = invoice.refunded + disputed;
  const bought = creditsBought(state, invoice);
  if (gone === 0 || paid === 0) return 0;
  return gone >= paid ? bought : Math.floor((bought * gone) / paid);
}

export type ExpectedStanding =
  | { kind: "paid"; tier: Tier }
  | { kind: "owed"; tier: Tier }
  | { kind: "ended" }
  | { kind: "nothing" };

/** How the customer stands by Stripe's state. */
export function standingByStripe(state: StripeState): ExpectedStanding {
  const all = [...state.subscriptions.values()];
  const highest = (statuses: readonly string[]) =>
    all
      .filter(({ status }) => statuses.includes(status))
      .flatMap((subscription) => planOf(state, subscription) ?? [])
      .toSorted((a, b) => tiers.indexOf(b) - tiers.indexOf(a))[0];
  const paid = highest(["active", "trialing"]);
  if (paid !== undefined) return { kind: "paid", tier: paid };
  const owed = highest(["past_due", "unpaid", "paused"]);
  if (owed !== undefined) return { kind: "owed", tier: owed };
  return { kind: highest(["canceled"]) === undefined ? "nothing" : "ended" };
}

function planOf(state: StripeState, { items, metadata, periodEnd }: SubscriptionRecord): Tier | null {
  const tier = items.map(({ priceId }) => tierNamed(nameOfPrice(state, priceId))).find((one) => one !== null) ?? null;
  const kept = tiers.find((one) => one === metadata["keptTier"]);
  const isKept = tier !== null && kept !== undefined && metadata["keptUntil"] === String(periodEnd);
  return isKept && tiers.indexOf(kept) > tiers.indexOf(tier) ? kept : tier;
}

function nameOfPrice(state: StripeState, priceId: string): string {
  return state.prices.get(priceId)?.metadata["automna"] ?? "";
}

function tierNamed(name: string): Tier | null {
  return tiers.find((tier) => tierCatalogue[tier].priceLookupKey === name) ?? null;
}
