import { appError } from "@automna/contract/error-catalogue";
import { PACK_PRICE_KEY, priceKey } from "@automna/core/billing/price-keys";
import type { Tier } from "@automna/core/tiers/catalogue";
import type { Stripe } from "stripe";
import { toDiscountParams, type Discount } from "./discount.ts";
import { idOf, USER_ID_FIELD } from "./fetch-subscription.ts";
import type { PriceBook } from "./price-book.ts";

export interface CheckoutParts {
  stripe: Stripe;
  prices: Pick<PriceBook, "find">;
  userId: string;
  customer: string;
  /** Pages that Stripe leads back to, paid or not. */
  successUrl: string;
  cancelUrl: string;
}

/** Stripe's page for a plan. The first of the discounts that counts is set; without one the page has a field for a code. */
export async function openPlanCheckout(
  parts: CheckoutParts,
  { tier, discounts, trialDays }: { tier: Tier; discounts: readonly Discount[]; trialDays: number },
): Promise<string> {
  const { stripe, userId } = parts;
  const price = await needPrice(parts, priceKey(tier));
  return openCheckout(parts, {
    mode: "subscription",
    line_items: [{ price: price.id, quantity: 1 }],
    ...(await toDiscountParams(stripe, discounts, idOf(price.product))),
    subscription_data: {
      metadata: { [USER_ID_FIELD]: userId },
      ...(trialDays > 0 ? { trial_period_days: trialDays } : {}),
    },
  });
}

/** Stripe's page for credit packs, with an invoice: that is what the credits are granted for. */
export async function openPackCheckout(parts: CheckoutParts, packs: number): Promise<string> {
  const metadata = { [USER_ID_FIELD]: parts.userId };
  return openCheckout(parts, {
    mode: "payment",
    line_items: [{ price: (await needPrice(parts, PACK_PRICE_KEY)).id, quantity: packs }],
    invoice_creation: { enabled: true, invoice_data: { metadata } },
  });
}

async function openCheckout(
  { stripe, userId, customer, successUrl, cancelUrl }: CheckoutParts,
  wanted: Stripe.Checkout.SessionCreateParams,
): Promise<string> {
  const session = await stripe.checkout.sessions.create({
    ...wanted,
    customer,
    client_reference_id: userId,
    automatic_tax: { enabled: true },
    customer_update: { address: "auto" },
    metadata: { [USER_ID_FIELD]: userId },
    success_url: successUrl,
    cancel_url: cancelUrl,
  });
  if (session.url === null) throw appError("service_unavailable");
  return session.url;
}

async function needPrice({ prices }: Pick<CheckoutParts, "prices">, lookupKey: string | null): Promise<Stripe.Price> {
  const price = lookupKey === null ? null : await prices.find(lookupKey);
  if (price === null) throw appError("plan_not_for_sale");
  return price;
}
