import { HOUR_MS, SECOND_MS } from "../shared/clock.ts";

/** Attempts before an event is parked: with the pauses between them about 13 hours, longer than a vendor's usual outage. */
export const MAX_ATTEMPTS = 24;

/** When an event that failed is tried again, ms; null = it is parked. */
export function nextAttemptMs(attempts: number, nowMs: number): number | null {
  if (attempts >= MAX_ATTEMPTS) return null;
  return nowMs + Math.min(HOUR_MS, 2 ** attempts * SECOND_MS);
}
