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

export type FailureOutcome =
  | { phase: "failing"; attempts: number; retryAtMs: number }
  | { phase: "failed"; attempts: number; retryAtMs: null };

/** Reasons that pass without anybody's doing: tried for as long as it takes. */
const patientReasons: ReadonlySet<AgentReason> = new Set(["no_room", "node_lost"]);

/** What one more failure means for an agent that had `attempts` of them. */
export function failureOutcome(attempts: number, now: number, reason: AgentReason | null = null): FailureOutcome {
  const isPatient = reason !== null && patientReasons.has(reason);
  const next = isPatient ? Math.min(attempts + 1, ATTEMPT_BUDGET - 1) : attempts + 1;
  return next >= ATTEMPT_BUDGET
    ? { phase: "failed", attempts: next, retryAtMs: null }
    : { phase: "failing", attempts: next, retryAtMs: now + retryDelayMs(next) };
}
