const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 15_000;

/** Pause before reconnect number `attempt` (from 0): doubling, with jitter so that many tabs don't knock together. */
export function reconnectPauseMs(attempt: number, random: number): number {
  const full = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt);
  return Math.round(full * (0.5 + random / 2));
}
