import { MINUTE_MS, SECOND_MS } from "@automna/core/shared/clock";

/** An unexpected end of the gateway. */
export interface Crash {
  atMs: number;
  /** Whether it had worked before. */
  wasReady: boolean;
}

export interface RestartPlan {
  delayMs: number;
  state: "starting" | "failing";
}

/** Crashes older than this no longer count. */
const WINDOW_MS = 10 * MINUTE_MS;
/** So many starts in a row that led nowhere mean that something is wrong with the agent, not bad luck. */
const FUTILE_BUDGET = 5;
/** The same for a gateway that works for a while each time. */
const CRASH_BUDGET = 12;
/** So many crashes of a working gateway are met without making its person wait longer. */
const FREE_CRASHES = 4;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30 * SECOND_MS;
/** A boot costs 10 to 20 CPU-seconds: a gateway that can't work must not eat the machine. It is still tried. */
const FAILING_DELAY_MS = MINUTE_MS;

/** When to start the gateway again. `crashes`: its unexpected ends, oldest first, the present one included. */
export function planRestart(crashes: readonly Crash[], now: number): RestartPlan {
  const recent = recentCrashes(crashes, now);
  const futile = recent.length - 1 - recent.findLastIndex((crash) => crash.wasReady);
  if (futile >= FUTILE_BUDGET || recent.length > CRASH_BUDGET) return { delayMs: FAILING_DELAY_MS, state: "failing" };
  const doublings = Math.max(futile - 1, recent.length - 1 - FREE_CRASHES, 0);
  return { delayMs: Math.min(FIRST_DELAY_MS * 2 ** doublings, LONGEST_DELAY_MS), state: "starting" };
}

/** Crashes that still count, to keep the list short. */
export function recentCrashes(crashes: readonly Crash[], now: number): Crash[] {
  return crashes.filter((crash) => crash.atMs > now - WINDOW_MS);
}
