import { tiers, type Tier } from "../tiers/catalogue.ts";

/** What is known of a running subscription. */
export interface PlanFacts {
  tier: Tier;
  /** The plan of the next period, where it is another one. */
  nextTier: Tier | null;
  /** It was cancelled. */
  endsAtPeriodEnd: boolean;
  isInTrial: boolean;
}

/**
 * upgrade: at once, for the price of the days that are left. downgrade: at the end of what was paid for, and nothing is
 * paid back. keep: takes an arranged downgrade or cancellation back. switch: within a trial, when nothing has been paid yet.
 */
export const planChangeKinds = ["upgrade", "downgrade", "keep", "switch"] as const;
export type PlanChangeKind = (typeof planChangeKinds)[number];

/**
 * How to get from a plan to the wanted one; null = it is so already. `blocked`: a downgrade has been arranged, and Stripe would
 * count what was paid from the cheaper plan.
 */
export function choosePlanChange(
  { tier, nextTier, endsAtPeriodEnd, isInTrial }: PlanFacts,
  wanted: Tier,
): PlanChangeKind | "blocked" | null {
  if (wanted === tier) return nextTier === null && !endsAtPeriodEnd ? null : "keep";
  if (wanted === nextTier) return null;
  if (isInTrial) return "switch";
  if (isHigher(wanted, tier)) return nextTier === null ? "upgrade" : "blocked";
  return "downgrade";
}

export function isHigher(one: Tier, other: Tier): boolean {
  return tiers.indexOf(one) > tiers.indexOf(other);
}

/** Fields of a subscription's metadata that keep the paid plan until the period ends, although the price is the next one's already. */
export const KEPT_TIER_FIELD = "keptTier";
export const KEPT_UNTIL_FIELD = "keptUntil";

/**
 * The plan that is paid for now and the next one, from the price and the metadata alone: the kept plan counts in
 * the one period that it was kept for, so that nobody has to do anything when that ends.
 */
export function tiersOf(
  priceTier: Tier | null,
  metadata: Readonly<Record<string, string>>,
  periodEndS: number,
): { tier: Tier | null; nextTier: Tier | null } {
  const kept = tiers.find((tier) => tier === metadata[KEPT_TIER_FIELD]);
  const isKept = kept !== undefined && metadata[KEPT_UNTIL_FIELD] === String(periodEndS);
  if (!isKept || priceTier === null || !isHigher(kept, priceTier)) return { tier: priceTier, nextTier: null };
  return { tier: kept, nextTier: priceTier };
}
