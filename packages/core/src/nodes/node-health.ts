import type { AgentReason } from "../agents/agent-health.ts";
import { MINUTE_MS } from "../shared/clock.ts";

/** Why a node takes no new slots. */
export const cordonReasons = ["operator", "keeps_failing"] as const;
export type CordonReason = (typeof cordonReasons)[number];

/** A slot that could not run for a reason that may be its node's. */
export interface NodeFailure {
  slotId: string;
  atMs: number;
}

/** How far back failures count. */
export const FAILURE_WINDOW_MS = 15 * MINUTE_MS;

/** So many different slots: one agent that fails again and again says nothing of its node. */
const SLOTS_TO_CORDON = 3;

/**
 * True when a node has to be kept from further slots: several slots failed there lately and, as failures are forgotten
 * when a slot comes up, none has come up since.
 */
export function keepsFailing(failures: readonly NodeFailure[], now: number): boolean {
  const lately = failures.filter(({ atMs }) => now - atMs < FAILURE_WINDOW_MS);
  return new Set(lately.map(({ slotId }) => slotId)).size >= SLOTS_TO_CORDON;
}

/** Reasons for which a node may be to blame; the others are the agent's own, its owner's or the platform's. */
const nodesReasons: ReadonlySet<AgentReason> = new Set([
  "agentd_exited",
  "agentd_silent",
  "slot_rejected",
  "slot_pending",
  "step_failed",
  "stop_overdue",
]);

export function mayBeNodesFault(reason: AgentReason): boolean {
  return nodesReasons.has(reason);
}
