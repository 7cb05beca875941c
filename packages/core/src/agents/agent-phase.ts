import { MINUTE_MS, SECOND_MS } from "../shared/clock.ts";
import { AppError } from "../shared/app-error.ts";

/** Where an agent is in its life (design, "Lifecycle"). What somebody wants is `desired`, what runs is `observed`. */
export const agentPhases = [
  "requested",
  "placing",
  "creating",
  "starting",
  "ready",
  "dozing",
  "stopping",
  "asleep",
  "upgrading",
  "moving",
  "failing",
  "failed",
  "deleting",
  "deleted",
] as const;
export type AgentPhase = (typeof agentPhases)[number];

/** Legal moves. `deleting` is reachable from everywhere but the end: delete always works (design D2). */
const nextPhases: Record<AgentPhase, readonly AgentPhase[]> = {
  requested: ["placing", "asleep", "failing", "deleting"],
  placing: ["creating", "starting", "stopping", "failing", "deleting"],
  creating: ["starting", "stopping", "failing", "deleting"],
  starting: ["ready", "stopping", "failing", "deleting"],
  ready: ["starting", "dozing", "stopping", "upgrading", "moving", "failing", "deleting"],
  dozing: ["ready", "starting", "stopping", "upgrading", "moving", "failing", "deleting"],
  stopping: ["asleep", "starting", "failing", "deleting"],
  asleep: ["placing", "starting", "upgrading", "moving", "failing", "deleting"],
  upgrading: ["ready", "starting", "stopping", "failing", "deleting"],
  moving: ["ready", "starting", "stopping", "failing", "deleting"],
  failing: ["placing", "creating", "starting", "stopping", "failed", "failing", "deleting"],
  failed: ["placing", "starting", "stopping", "failing", "deleting"],
  deleting: ["deleted"],
  deleted: [],
};

/** How long a transitional phase may take before the planner treats it as failed; null = may last for ever. */
export const phaseDeadlineMs: Record<AgentPhase, number | null> = {
  requested: 2 * MINUTE_MS,
  placing: 30 * SECOND_MS,
  creating: 60 * SECOND_MS,
  // A cold OpenClaw boot is 15-25 CPU-seconds; on a crowded node that was up to 90 s (notes: openclaw 2).
  starting: 4 * MINUTE_MS,
  ready: null,
  dozing: null,
  // 30 s of grace, then the kill, then looking again.
  stopping: 90 * SECOND_MS,
  asleep: null,
  upgrading: 10 * MINUTE_MS,
  moving: 30 * MINUTE_MS,
  failing: null,
  failed: null,
  deleting: null,
  deleted: null,
};

export function canAdvance(from: AgentPhase, to: AgentPhase): boolean {
  return nextPhases[from].includes(to);
}

/** Asserts that a move is legal (S4). Throws `illegal_phase_move`, kind bug. */
export function assertAdvance(from: AgentPhase, to: AgentPhase): void {
  if (canAdvance(from, to)) return;
  throw new AppError("illegal_phase_move", "bug", `an agent can't go from ${from} to ${to}`);
}
