import {
  OVERAGE_METER_EVENT,
  OVERAGE_PRICE_KEY,
  PACK_PRICE_KEY,
  PRICE_FIELD,
  priceKey,
  sellableTiers,
} from "@automna/core/billing/price-keys";
import { BLOCK_PRICE_CENTS } from "@automna/core/credits/prices";
import { referralCoupon } from "@automna/core/referrals/referral";
import { betaCoupon, tierCatalogue, type Tier } from "@automna/core/tiers/catalogue";
import type { Stripe } from "stripe";
import { findOrNull } from "./find-or-null.ts";

const CURRENCY = "usd";

interface WantedPrice {
  key: string;
  product: { id: string; name: string };
  cents: number;
  recurring?: Stripe.PriceCreateParams.Recurring;
}

/**
 * Makes in a Stripe account what the platform sells: prices found by lookup key, the meter of overage and the
 * coupons. What is there already stays as it is. Answers what was made.
 */
export async function ensureStripeCatalogue(stripe: Stripe): Promise<string[]> {
  const made: string[] = [];
  for (const tier of sellableTiers) await ensurePrice(stripe, planPrice(tier), made);
  const pack = { id: "automna_credit_pack", name: "Automna credit pack, 1,000 credits" };
  await ensurePrice(stripe, { key: PACK_PRICE_KEY, product: pack, cents: BLOCK_PRICE_CENTS }, made);
  const meter = await ensureMeter(stripe, made);
  const overage = { id: "automna_overage", name: "Automna overage, 1,000 credits" };
  const recurring = { interval: "month", usage_type: "metered", meter } as const;
  await ensurePrice(stripe, { key: OVERAGE_PRICE_KEY, product: overage, cents: BLOCK_PRICE_CENTS, recurring }, made);
  await ensureCoupon(stripe, betaPrice(), made);
  await ensureCoupon(stripe, referralPrice(), made);
  return made;
}

function planPrice(tier: Tier): WantedPrice {
  const { label, monthlyPriceCents } = tierCatalogue[tier];
  return {
    key: priceKey(tier) ?? "",
    product: { id: planProduct(tier), name: `Automna ${label}` },
    cents: monthlyPriceCents ?? 0,
    recurring: { interval: "month" },
  };
}

function planProduct(tier: Tier): string {
  return `automna_plan_${tier}`;
}

async function ensurePrice(
  stripe: Stripe,
  { key, product, cents, recurring }: WantedPrice,
  made: string[],
): Promise<void> {
  const { data } = await stripe.prices.list({ lookup_keys: [key], active: true, limit: 1 });
  if (data.length > 0) return;
  if ((await findOrNull(() => stripe.products.retrieve(product.id))) === null) await stripe.products.create(product);
  await stripe.prices.create({
    product: product.id,
    currency: CURRENCY,
    unit_amount: cents,
    ...(recurring === undefined ? {} : { recurring }),
    lookup_key: key,
    // Stays when a newer price takes the lookup key over: who has this one keeps their plan.
    metadata: { [PRICE_FIELD]: key },
  });
  made.push(`price ${key}`);
}

async function ensureMeter(stripe: Stripe, made: string[]): Promise<string> {
  for await (const { id, event_name } of stripe.billing.meters.list({ status: "active", limit: 100 }))
    if (event_name === OVERAGE_METER_EVENT) return id;
  const { id } = await stripe.billing.meters.create({
    display_name: "Automna overage blocks",
    event_name: OVERAGE_METER_EVENT,
    default_aggregation: { formula: "sum" },
  });
  made.push(`meter ${OVERAGE_METER_EVENT}`);
  return id;
}

async function ensureCoupon(
  stripe: Stripe,
  coupon: Stripe.CouponCreateParams & { id: string },
  made: string[],
): Promise<void> {
  if ((await findOrNull(() => stripe.coupons.retrieve(coupon.id))) !== null) return;
  await stripe.coupons.create(coupon);
  made.push(`coupon ${coupon.id}`);
}

function betaPrice(): Stripe.CouponCreateParams & { id: string } {
  const { id, name, tier, amountOffCents, months } = betaCoupon;
  return {
    id,
    name,
    amount_off: amountOffCents,
    currency: CURRENCY,
    duration: "repeating",
    duration_in_months: months,
    applies_to: { products: [planProduct(tier)] },
  };
}

function referralPrice(): Stripe.CouponCreateParams & { id: string } {
  const { id, name, amountOffCents } = referralCoupon;
  return { id, name, amount_off: amountOffCents, currency: CURRENCY, duration: "once" };
}
