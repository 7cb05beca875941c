import { HOUR_MS, MINUTE_MS } from "../shared/clock.ts";

/** Between two tries, ms: minutes for a hiccup, then long enough for a server that is down over a weekend. */
const DELAYS_MS = [
  MINUTE_MS,
  5 * MINUTE_MS,
  20 * MINUTE_MS,
  HOUR_MS,
  4 * HOUR_MS,
  12 * HOUR_MS,
  24 * HOUR_MS,
  24 * HOUR_MS,
] as const;

/** When a mail is tried again after this many tries, ms since the epoch; null = it is given up. */
export function nextMailAttemptMs(attempts: number, nowMs: number): number | null {
  const delayMs = DELAYS_MS[attempts - 1];
  return delayMs === undefined ? null : nowMs + delayMs;
}
