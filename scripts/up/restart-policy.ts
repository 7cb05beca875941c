/** A service that was ready this long had recovered: its next failure starts the back-off from the beginning. */
const RECOVERED_AFTER_MS = 30_000;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 15_000;

/** Failures in a row, counting the one that just happened. `readyForMs` is null when the service never got ready. */
export function countFailures(before: number, readyForMs: number | null): number {
  return readyForMs !== null && readyForMs >= RECOVERED_AFTER_MS ? 1 : before + 1;
}

/** Wait before the next start, ms: doubles with each failure in a row. */
export function restartDelayMs(failures: number): number {
  return Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), LONGEST_DELAY_MS);
}
