import { BLOCK_CREDITS } from "./prices.ts";

/** Null = overage is off. */
export type OverageCap = number | null;

/** The lowest balance that a customer has agreed to: 0 while overage is off, −cap while it is on. */
export function lowestBalance(cap: OverageCap): number {
  return cap === null ? 0 : -cap;
}

/** May this much be taken from `available`? Off means refused at 0, on means down to −cap (design D7). */
export function canSpend(available: number, credits: number, cap: OverageCap): boolean {
  return available - credits >= lowestBalance(cap);
}

/** How far a balance is below 0. Held credits may come back and are not gone. */
export function overdrawn({ available, held }: { available: number; held: number }): number {
  return Math.max(0, -(available + held));
}

/**
 * Blocks of 1,000 that so many overdrawn credits have started, and never more than the customer agreed to: what calls in
 * flight took beyond the cap is paid by the next grant, not by the card.
 */
export function startedBlocks(overdrawnCredits: number, cap: OverageCap): number {
  if (cap === null) return 0;
  return Math.min(Math.ceil(Math.max(0, overdrawnCredits) / BLOCK_CREDITS), Math.floor(cap / BLOCK_CREDITS));
}

export const warningPercents = [80, 100] as const;
export type WarningPercent = (typeof warningPercents)[number];

export interface PeriodUse {
  /** Credits spent since the period began. */
  used: number;
  /** Credits left, held ones included; may be negative. */
  left: number;
}

/** How much of what this period had is used, 0–100; nothing left is 100. */
export function usedPercent({ used, left }: PeriodUse): number {
  if (left <= 0) return 100;
  return Math.floor((Math.max(0, used) * 100) / (Math.max(0, used) + left));
}

/** The warning that is due now; null = none. An account that never had credits has nothing to be warned about. */
export function chooseWarning(use: PeriodUse & { hasHadCredits: boolean }): WarningPercent | null {
  if (!use.hasHadCredits) return null;
  const percent = usedPercent(use);
  return warningPercents.findLast((warning) => percent >= warning) ?? null;
}
