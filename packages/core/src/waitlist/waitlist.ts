import { DAY_MS, MINUTE_MS } from "../shared/clock.ts";

export type WaitlistState = "pending" | "confirmed" | "invited" | "joined";

/** Days in which an address is confirmed or forgotten. */
export const CONFIRM_DAYS = 7;
/** Days for which an invitation stands. */
export const INVITE_DAYS = 14;

/** Confirmation mails that one address gets at most, and the time between two: the form can't be used to pester anybody. */
const MOST_MAILS = 3;
const BETWEEN_MAILS_MS = 10 * MINUTE_MS;

/** Does asking again bring another confirmation mail? What the asker is told is the same. */
export function isConfirmationDue(
  entry: { state: WaitlistState; mails: number; mailedAtMs: number | null },
  nowMs: number,
): boolean {
  if (entry.state !== "pending" || entry.mails >= MOST_MAILS) return false;
  return entry.mailedAtMs === null || nowMs - entry.mailedAtMs >= BETWEEN_MAILS_MS;
}

/** Entries last mailed before this time and never confirmed are forgotten, ms since the epoch. */
export function forgetBeforeMs(nowMs: number): number {
  return nowMs - CONFIRM_DAYS * DAY_MS;
}

/** How many of a batch may be invited now. */
export function roomFor(wanted: number, { cap, taken }: { cap: number; taken: number }): number {
  return Math.max(0, Math.min(wanted, cap - taken));
}
