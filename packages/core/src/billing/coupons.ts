import type { Tier } from "../tiers/catalogue.ts";

/** The beta price (product.md, "Plans"): a coupon on one plan, not a plan of its own. */
export const betaCoupon = {
  id: "automna_beta",
  name: "Beta price",
  tier: "starter",
  /** Of the plan's price, so that $19 are left. */
  amountOffCents: 1_000,
  months: 12,
} as const satisfies { tier: Tier; [fact: string]: unknown };
