import { SECOND_MS } from "@automna/core/shared/clock";

/** A worker that was ready for so long had recovered: its next end is its first. */
const RECOVERED_MS = 30 * SECOND_MS;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 15 * SECOND_MS;
/** Before any worker was ever ready, ends in a row mean a wrong configuration, not bad luck. */
const HOPELESS_ENDS = 3;

/** Ends in a row, with the one that just happened. `readyForMs`: null = it never got ready. */
export function countEnds(before: number, readyForMs: number | null): number {
  return readyForMs !== null && readyForMs >= RECOVERED_MS ? 1 : before + 1;
}

/** Wait before the next start, ms. */
export function restartDelayMs(ends: number): number {
  return Math.min(FIRST_DELAY_MS * 2 ** (ends - 1), LONGEST_DELAY_MS);
}

export function isHopeless(ends: number, wasEverReady: boolean): boolean {
  return !wasEverReady && ends >= HOPELESS_ENDS;
}
