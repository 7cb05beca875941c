import type { AgentReason } from "./agent-health.ts";
import { MINUTE_MS, SECOND_MS } from "../shared/clock.ts";

/** Attempts before an agent parks in `failed` and waits for a person. */
export const ATTEMPT_BUDGET = 6;

/** An agent that has been ready this long has proven itself: earlier attempts no longer count. */
export const FORGET_AFTER_MS = 5 * MINUTE_MS;

/** Pause before attempt n + 1: 1 s, 4 s, 16 s, 1 min, then 2 min. `attempts` counts failures so far, from 1. */
export function retryDelayMs(attempts: number): number {
  return Math.min(SECOND_MS * 4 ** Math.max(0, attempts - 1), 2 * MINUTE_MS);
}

/** After this many crashes in a row an agent starts without what its owner has added. */
export const SAFE_MODE_AFTER = 3;

export type FailureOutcome =
  | { phase: "failing"; attempts: number; retryAtMs: number; reason: AgentReason | null; startsSafe: boolean }
  | { phase: "failed"; attempts: number; retryAtMs: null; reason: AgentReason | null; startsSafe: boolean };

/** What the agent does to itself, and may not do without its owner's additions. */
const crashes: ReadonlySet<AgentReason> = new Set([
  "agentd_exited",
  "agentd_silent",
  "gateway_failing",
  "gateway_slow",
  "out_of_memory",
]);

/** Reasons that pass without anybody's doing: tried for as long as it takes. */
const patientReasons: ReadonlySet<AgentReason> = new Set(["no_room", "node_lost"]);

/** What one more failure means for an agent that had `attempts` of them; attempts are forgotten once it stays well. */
export function failureOutcome(attempts: number, now: number, reason: AgentReason | null = null): FailureOutcome {
  const isPatient = reason !== null && patientReasons.has(reason);
  const isCrash = reason !== null && crashes.has(reason);
  const next = isPatient ? Math.min(attempts + 1, ATTEMPT_BUDGET - 1) : attempts + 1;
  const startsSafe = isCrash && next >= SAFE_MODE_AFTER;
  return next >= ATTEMPT_BUDGET
    ? { phase: "failed", attempts: next, retryAtMs: null, reason: isCrash ? "crash_loop" : reason, startsSafe }
    : { phase: "failing", attempts: next, retryAtMs: now + retryDelayMs(next), reason, startsSafe };
}
