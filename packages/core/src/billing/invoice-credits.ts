import type { Period } from "../credits/period.ts";
import { tierCatalogue } from "../tiers/catalogue.ts";
import type { PriceMeaning } from "./price-keys.ts";

/** A line of an invoice, as far as credits depend on it. */
export interface InvoiceLineFacts {
  meaning: PriceMeaning | null;
  /** Before discounts: a coupon makes a plan cheaper, not smaller. Negative = given back. */
  amountCents: number;
  /** Of one whole month or pack. */
  unitAmountCents: number;
  quantity: number;
  isProration: boolean;
  period: Period;
}

/** create: the first; cycle: a new month; update: a change of plan that is billed at once; other: not of a subscription. */
export type InvoiceReason = "create" | "cycle" | "update" | "other";

/** What a paid invoice buys. */
export interface BoughtCredits {
  credits: number;
  source: "monthly" | "pack";
  /** The month that it begins; null = none. */
  begins: Period | null;
  /** Null = the credits stay. */
  expiresAtMs: number | null;
}

/**
 * The credits of a paid invoice, from the invoice alone: asked at any time and in any order the answer is the same. A line
 * of a plan buys the plan's monthly credits for the share of the month that it charges, so that a dearer plan brings the
 * difference for the rest of the month; what a line gives back takes its share off. Null = none.
 */
export function creditsOfInvoice(reason: InvoiceReason, lines: readonly InvoiceLineFacts[]): BoughtCredits | null {
  const packs = lines.flatMap(({ meaning, quantity }) => (meaning?.kind === "pack" ? meaning.credits * quantity : []));
  if (packs.length > 0)
    return {
      credits: packs.reduce((sum, credits) => sum + credits, 0),
      source: "pack",
      begins: null,
      expiresAtMs: null,
    };
  // Prorations on a month's own invoice settle the month before, whose credits are over.
  const counted = lines.filter(
    ({ meaning, isProration }) => meaning?.kind === "plan" && (reason === "update" || !isProration),
  );
  const [first] = counted;
  if (first === undefined || reason === "other") return null;
  const total = counted.reduce((sum, line) => sum + creditsOfLine(line), 0);
  return {
    credits: Math.max(0, Math.round(total)),
    source: "monthly",
    begins: reason === "update" ? null : first.period,
    expiresAtMs: Math.max(...counted.map(({ period }) => period.endMs)),
  };
}

function creditsOfLine({ meaning, amountCents, unitAmountCents }: InvoiceLineFacts): number {
  if (meaning?.kind !== "plan" || unitAmountCents === 0) return 0;
  return (tierCatalogue[meaning.tier].creditsPerMonth * amountCents) / unitAmountCents;
}

const TRIAL_MONTH_DAYS = 30;

/** Credits of a trial: the plan's month, as far as the trial goes. */
export function trialCredits(creditsPerMonth: number, days: number): number {
  return Math.floor((creditsPerMonth * Math.min(days, TRIAL_MONTH_DAYS)) / TRIAL_MONTH_DAYS);
}

/** How many of an invoice's credits go when so much of its money went back. */
export function creditsToTakeBack(
  credits: number,
  { amountCents, returnedCents }: { amountCents: number; returnedCents: number },
): number {
  if (amountCents === 0 || returnedCents >= amountCents) return returnedCents > 0 ? credits : 0;
  return Math.floor((credits * returnedCents) / amountCents);
}

/** Does the money of a dispute lie with the bank? https://docs.stripe.com/api/disputes/object#dispute_object-status */
export function isMoneyGone(disputeStatus: string): boolean {
  return !["won", "prevented"].includes(disputeStatus) && !disputeStatus.startsWith("warning_");
}
