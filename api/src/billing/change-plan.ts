import { appError } from "@automna/contract/error-catalogue";
import type { PlanPreview } from "@automna/contract/billing";
import { creditsOfInvoice } from "@automna/core/billing/invoice-credits";
import {
  choosePlanChange,
  KEPT_TIER_FIELD,
  KEPT_UNTIL_FIELD,
  type PlanChangeKind,
} from "@automna/core/billing/plan-change";
import { priceKey } from "@automna/core/billing/price-keys";
import { MINUTE_MS } from "@automna/core/shared/clock";
import type { Tier } from "@automna/core/tiers/catalogue";
import type { Stripe } from "stripe";
import { fromSeconds, idOf, planItemOf, toFetched } from "./fetch-subscription.ts";
import type { PriceBook } from "./price-book.ts";
import { toLineFacts } from "./settle-invoice.ts";

export interface ChangePlanDeps {
  stripe: Stripe;
  prices: PriceBook;
}

/** A change that is possible, with all that Stripe has to be told. */
export interface PlanChange {
  kind: PlanChangeKind;
  subscription: Stripe.Subscription;
  itemId: string;
  priceId: string;
  /** The plan that is paid for now, and the end of its period, seconds. */
  tier: Tier;
  periodEndS: number;
}

/** Longest time between a preview and the change that it was for. */
export const PREVIEW_LIVES_MS = 15 * MINUTE_MS;

/** Looks the subscription up and decides how it gets to the wanted plan. Throws when there is no way. */
export async function planChange(
  { stripe, prices }: ChangePlanDeps,
  subscriptionId: string,
  wanted: Tier,
): Promise<PlanChange> {
  const subscription = await stripe.subscriptions.retrieve(subscriptionId);
  const { tier, nextTier, status, periodEnd, endsAtPeriodEnd } = toFetched(subscription);
  const item = planItemOf(subscription);
  if (tier === null || item === undefined) throw appError("billing_not_started");
  if (status !== "active" && status !== "trialing") throw appError("payment_owed");
  const facts = { tier, nextTier, endsAtPeriodEnd, isInTrial: status === "trialing" };
  const kind = choosePlanChange(facts, wanted);
  if (kind === null) throw appError("plan_unchanged");
  if (kind === "blocked") throw appError("plan_change_pending");
  const key = priceKey(wanted);
  const price = key === null ? null : await prices.find(key);
  if (price === null) throw appError("plan_not_for_sale");
  return { kind, subscription, itemId: item.id, priceId: price.id, tier, periodEndS: periodEnd.getTime() / 1_000 };
}

/** What a change costs and when it takes effect, by Stripe's own reckoning; changes nothing. */
export async function previewPlanChange(
  { stripe, prices }: ChangePlanDeps,
  change: PlanChange,
  { wanted, atS }: { wanted: Tier; atS: number },
): Promise<PlanPreview> {
  const { kind, subscription, itemId, priceId, periodEndS } = change;
  const items = [{ id: itemId, price: priceId }];
  const preview = (details: Stripe.InvoiceCreatePreviewParams.SubscriptionDetails) =>
    stripe.invoices.createPreview({ subscription: subscription.id, subscription_details: { items, ...details } });
  const next = await preview({ proration_behavior: "none" });
  const now = kind === "upgrade" ? await preview({ proration_behavior: "always_invoice", proration_date: atS }) : null;
  const lines = now?.lines.data ?? [];
  return {
    kind,
    tier: wanted,
    effectiveAtMs: (kind === "downgrade" ? periodEndS : atS) * 1_000,
    dueNowCents: now?.amount_due ?? 0,
    lines: lines.map(({ description, amount }) => ({ text: description ?? "", amountCents: amount })),
    creditsNow: await creditsOf(prices, lines),
    nextInvoiceCents: next.amount_due,
    nextInvoiceAtMs: fromSeconds(periodEndS).getTime(),
    currency: next.currency,
    prorationAtMs: atS * 1_000,
  };
}

async function creditsOf(prices: PriceBook, lines: readonly Stripe.InvoiceLineItem[]): Promise<number> {
  const facts = [];
  for (const line of lines) {
    const price = line.pricing?.price_details?.price;
    facts.push(toLineFacts(line, price === undefined ? null : await prices.meaningOf(idOf(price))));
  }
  return creditsOfInvoice("update", facts)?.credits ?? 0;
}

/** Carries a change out, once after so many others; an upgrade only if it is paid. Throws `card_declined`. */
export async function executePlanChange(
  { stripe }: ChangePlanDeps,
  change: PlanChange,
  { atS, changesBefore }: { atS: number; changesBefore: number },
): Promise<void> {
  const { kind, subscription, itemId, priceId, tier, periodEndS } = change;
  const keeps = kind === "downgrade";
  try {
    await stripe.subscriptions.update(
      subscription.id,
      {
        items: [{ id: itemId, price: priceId }],
        ...(kind === "upgrade"
          ? { proration_behavior: "always_invoice", proration_date: atS, payment_behavior: "error_if_incomplete" }
          : { proration_behavior: "none" }),
        // Who changes the plan goes on with it.
        ...(subscription.cancel_at_period_end ? { cancel_at_period_end: false } : {}),
        // An empty value takes a field away: https://docs.stripe.com/api/metadata
        metadata: { [KEPT_TIER_FIELD]: keeps ? tier : "", [KEPT_UNTIL_FIELD]: keeps ? String(periodEndS) : "" },
      },
      { idempotencyKey: `plan/${subscription.id}/${changesBefore}/${priceId}/${atS}` },
    );
  } catch (cause) {
    throw isCardError(cause) ? appError("card_declined", { cause }) : cause;
  }
}

function isCardError(error: unknown): boolean {
  return error instanceof Error && "type" in error && error.type === "StripeCardError";
}
