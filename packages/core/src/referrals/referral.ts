import { BLOCK_CREDITS } from "../credits/prices.ts";
import { DAY_MS } from "../shared/clock.ts";
import { canonicalEmail } from "./canonical-email.ts";

export const referralStates = ["waiting", "earned", "credited", "reversing", "reversed", "refused"] as const;

/** $10, which is what a block of overage costs: 1,000 credits (product.md, "Credits"). */
export const REFERRAL_CREDITS = BLOCK_CREDITS;
/** What somebody who comes through a link pays less at first: a coupon on any plan. */
export const referralCoupon = {
  /** Stripe's id of it. */
  id: "automna_referral",
  name: "Welcome, a friend sent you",
  amountOffCents: 1_000,
} as const;
/** Days until the credits expire. */
export const REFERRAL_CREDIT_DAYS = 365;
/** Days for which a browser remembers through whose link it came first. */
export const ATTRIBUTION_DAYS = 45;
/** An account older than this did not come through a link. */
const NEW_ACCOUNT_MS = 3 * DAY_MS;
/** Credits that one customer can earn in a calendar month. */
export const MONTHLY_CAP = 10;
/** Sign-ups of one network that count for one customer within 30 days, the customer's own place being one. */
const NETWORK_CAP = 2;
export const NETWORK_WINDOW_MS = 30 * DAY_MS;

export type RefusalReason = "self" | "same_email" | "too_late" | "network_cluster" | "same_card" | "monthly_cap";

export interface SignUpFacts {
  referrer: { id: string; email: string; network: string | null };
  referred: { id: string; email: string; createdAtMs: number; network: string | null };
  /** Canonical addresses of others whom the referrer brought. */
  earlierEmails: readonly string[];
  /** Sign-ups for this referrer from the same network within the window, this one left out. */
  fromSameNetwork: number;
  /** When the browser came through the link. */
  seenAtMs: number;
}

/** Why a sign-up does not count; null = it does. */
export function judgeSignUp(facts: SignUpFacts, nowMs: number): RefusalReason | null {
  const { referrer, referred, earlierEmails, fromSameNetwork, seenAtMs } = facts;
  if (referrer.id === referred.id) return "self";
  const email = canonicalEmail(referred.email);
  if (email === canonicalEmail(referrer.email) || earlierEmails.includes(email)) return "same_email";
  const isOld = nowMs - referred.createdAtMs > NEW_ACCOUNT_MS || nowMs - seenAtMs > ATTRIBUTION_DAYS * DAY_MS;
  // Who had the account before the link was not brought by it.
  if (isOld || seenAtMs > referred.createdAtMs) return "too_late";
  const isOwnNetwork = referred.network !== null && referred.network === referrer.network;
  return fromSameNetwork + (isOwnNetwork ? 1 : 0) >= NETWORK_CAP ? "network_cluster" : null;
}

export interface PaymentFacts {
  /** Some card of the referred customer is also the referrer's, or was used by another whom they brought. */
  hasKnownCard: boolean;
  /** Credits that the referrer earned in this calendar month. */
  earnedThisMonth: number;
}

/** Why the first payment of somebody who was brought earns nothing; null = it does. */
export function judgePayment({ hasKnownCard, earnedThisMonth }: PaymentFacts): RefusalReason | null {
  if (hasKnownCard) return "same_card";
  return earnedThisMonth >= MONTHLY_CAP ? "monthly_cap" : null;
}

/** Start of the calendar month (UTC), ms. */
export function monthStartMs(nowMs: number): number {
  const now = new Date(nowMs);
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1);
}
