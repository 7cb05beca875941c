import { referralCoupon } from "@automna/core/referrals/referral";
import type { Database } from "@automna/records/database";
import type { Stripe } from "stripe";
import { findInvitePromotion } from "../waitlist/waitlist-entries.ts";
import { idOf } from "./fetch-subscription.ts";
import { findOrNull } from "./find-or-null.ts";

/** What makes a first plan cheaper, by its name in Stripe. */
export type Discount = { kind: "code"; code: string } | { kind: "coupon"; id: string };

/** What of it a checkout says; without a discount Stripe's page has a field for a code. */
export type DiscountParams = Pick<Stripe.Checkout.SessionCreateParams, "discounts" | "allow_promotion_codes">;

/**
 * The discount of a purchase: the code that the customer typed, else, with their first plan alone, what their invitation
 * carries or what they get for having come through a link. Stripe takes one.
 */
export async function chooseDiscounts(
  db: Database,
  { userId, typed, isFirst }: { userId: string; typed: string | undefined; isFirst: boolean },
): Promise<Discount[]> {
  if (typed !== undefined) return [{ kind: "code", code: typed }];
  // Who comes back has had it: the beta price is for a year, not for a year from each return.
  if (!isFirst) return [];
  const invited = await findInvitePromotion(db, userId);
  const isReferred = (await db.referral.count({ where: { referredId: userId, state: "waiting" } })) > 0;
  return [
    ...(invited === null ? [] : [{ kind: "code" as const, code: invited }]),
    ...(isReferred ? [{ kind: "coupon" as const, id: referralCoupon.id }] : []),
  ];
}

/** The first of these that Stripe still takes for this product. */
export async function toDiscountParams(
  stripe: Stripe,
  discounts: readonly Discount[],
  productId: string,
): Promise<DiscountParams> {
  for (const discount of discounts) {
    const found = discount.kind === "code" ? await findPromotion(stripe, discount.code) : discount;
    if (found === null) continue;
    const couponId = found.kind === "coupon" ? found.id : found.couponId;
    if (!(await canRedeem(stripe, couponId, productId))) continue;
    return { discounts: [found.kind === "coupon" ? { coupon: found.id } : { promotion_code: found.id }] };
  }
  return { allow_promotion_codes: true };
}

async function findPromotion(
  stripe: Stripe,
  code: string,
): Promise<{ kind: "promotion"; id: string; couponId: string } | null> {
  const { data } = await stripe.promotionCodes.list({ code, active: true, limit: 1 });
  const coupon = data[0]?.promotion.coupon ?? null;
  return data[0] === undefined || coupon === null
    ? null
    : { kind: "promotion", id: data[0].id, couponId: idOf(coupon) };
}

/** Stripe refuses a whole checkout whose discount applies to nothing in it, so a plan without one comes before no plan. */
async function canRedeem(stripe: Stripe, couponId: string, productId: string): Promise<boolean> {
  // Left out of the answer unless it is asked for.
  const coupon = await findOrNull(() => stripe.coupons.retrieve(couponId, { expand: ["applies_to"] }));
  if (coupon === null || !coupon.valid) return false;
  const products = coupon.applies_to?.products ?? [];
  return products.length === 0 || products.includes(productId);
}
