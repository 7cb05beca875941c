import { appError } from "@automna/contract/error-catalogue";
import { meaningOfPrice, OVERAGE_PRICE_KEY } from "@automna/core/billing/price-keys";
import type { Database } from "@automna/records/database";
import type { Stripe } from "stripe";
import { makePriceBook } from "./price-book.ts";
import { choosePlanSubscription } from "./read-billing.ts";

/**
 * Sees to it that the user's running subscription bills the meter's usage; safe to repeat. Answers the subscription, or null
 * when none runs: then there is nothing to bill to.
 */
export async function ensureOverageItem(
  { db, stripe }: { db: Database; stripe: Stripe },
  userId: string,
): Promise<Stripe.Subscription | null> {
  const current = choosePlanSubscription(await db.subscription.findMany({ where: { userId } }));
  if (current === null) return null;
  const subscription = await stripe.subscriptions.retrieve(current.id);
  if (subscription.ended_at !== null) return null;
  if (subscription.items.data.some(({ price }) => meaningOfPrice(price)?.kind === "overage")) return subscription;
  const price = await makePriceBook(stripe).find(OVERAGE_PRICE_KEY);
  if (price === null) throw appError("overage_not_possible");
  return stripe.subscriptions.update(
    current.id,
    { items: [{ price: price.id }], proration_behavior: "none" },
    { idempotencyKey: `overage-item/${current.id}/${price.id}` },
  );
}
