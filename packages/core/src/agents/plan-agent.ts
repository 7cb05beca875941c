import { MINUTE_MS, SECOND_MS } from "../shared/clock.ts";
import type { ServiceStop } from "../billing/service.ts";
import { unreachable } from "../shared/unreachable.ts";
import { phaseDeadlineMs, type AgentPhase } from "./agent-phase.ts";
import type { AgentReason } from "./agent-health.ts";
import type { DesiredState } from "./agent-spec.ts";
import type { AgentStep } from "./agent-steps.ts";
import type { DeployStage } from "./deploy-progress.ts";
import type { ExitCause, ObservedSlot } from "./observed-slot.ts";
import { ATTEMPT_BUDGET, FORGET_AFTER_MS } from "./retry-policy.ts";

/** How long a slot that runs may stay silent before it is stopped: agentd itself is up in about a second. */
const SILENCE_LIMIT_MS = 30 * SECOND_MS;
/** How long a slot may wait for its node to begin with it; fetching a new image is the longest part of that. */
const PENDING_LIMIT_MS = 2 * MINUTE_MS;
/** How often a slot on its way is looked at again; agentd itself is up so soon that a second would be most of it. */
const POLL_MS = SECOND_MS;
const SILENT_POLL_MS = SECOND_MS / 4;
/** How often a settled agent is looked at besides the sweep. */
const SETTLED_POLL_MS = 30 * SECOND_MS;
/** How soon to look again after one could not look. */
const BLIND_POLL_MS = 5 * SECOND_MS;

/** The part of an agent's record that decides. */
export interface PlannedAgent {
  desired: DesiredState;
  /** Why the platform wants it stopped; null = its owner does. */
  stoppedFor: ServiceStop | null;
  generation: number;
  phase: AgentPhase;
  phaseSinceMs: number;
  stage: DeployStage;
  attempts: number;
  retryAtMs: number | null;
}

/** The agent's slot as recorded; `startedGeneration` is the agent's generation it was last started for. */
export interface PlannedSlot {
  slotId: string;
  startedGeneration: number | null;
  /** Fingerprint of the claim that the agent's present spec asks for. */
  claimHash: string;
}

export interface PlanInput {
  agent: PlannedAgent;
  slot: PlannedSlot | null;
  /** What is there for `slot`; ignored without one. */
  observed: ObservedSlot;
  now: number;
}

/**
 * The next safe steps for one agent, in order; empty = settled for good. Pure: the caller executes them and asks
 * again. Never more than one step that changes the outside world at a time, so that a crash is always between
 * two looks (S2, S10).
 */
export function planAgent(input: PlanInput): AgentStep[] {
  switch (input.agent.desired) {
    case "deleted":
      return planDelete(input);
    case "stopped":
      return planStop(input);
    case "running":
      return planRun(input);
    default:
      return unreachable(input.agent.desired);
  }
}

function planDelete({ agent, slot, observed, now }: PlanInput): AgentStep[] {
  if (agent.phase === "deleted") return [];
  if (agent.phase !== "deleting") return [{ step: "setPhase", to: "deleting", reason: null }];
  if (slot === null) return [{ step: "setPhase", to: "deleted", reason: null }];
  switch (observed.kind) {
    case "running":
    case "pending":
      return [{ step: "stopSlot", slotId: slot.slotId }];
    case "lost":
      // Its data can't be deleted there now, and calling it deleted would be a lie: it goes when the node is back.
      return [{ step: "wait", untilMs: now + BLIND_POLL_MS }];
    case "stopped":
      return [{ step: "deleteSlot", slotId: slot.slotId }];
    case "absent":
      return [{ step: "releaseSlot", slotId: slot.slotId }];
    default:
      return unreachable(observed);
  }
}

function planStop({ agent, slot, observed, now }: PlanInput): AgentStep[] {
  if (agent.phase === "asleep" || agent.phase === "deleted") {
    // A slot that runs although its agent sleeps (a start that a crash left behind) is stopped all the same.
    return slot !== null && isUp(observed) ? [{ step: "stopSlot", slotId: slot.slotId }] : [];
  }
  if (agent.phase === "requested") return [{ step: "setPhase", to: "asleep", reason: stopReason(agent) }];
  if (agent.phase === "failed" && agent.attempts >= ATTEMPT_BUDGET) return [];
  const retryWait = waitForRetry(agent, now);
  if (retryWait !== null) return retryWait;
  if (agent.phase !== "stopping") return [{ step: "setPhase", to: "stopping", reason: null }];
  if (slot !== null && observed.kind === "lost") return planLost(agent, now);
  if (slot !== null && isUp(observed)) return [{ step: "stopSlot", slotId: slot.slotId }];
  return [{ step: "setPhase", to: "asleep", reason: stopReason(agent) }];
}

/** Runs, or will as soon as its node gets to it. */
function isUp(observed: ObservedSlot): boolean {
  return observed.kind === "running" || observed.kind === "pending";
}

/**
 * The node is cut off. Starting the agent elsewhere could make two of it, on old data: its failure is told once, and
 * then it waits for the node, or for a person's decision.
 */
function planLost(agent: PlannedAgent, now: number): AgentStep[] {
  return agent.phase === "failing"
    ? [{ step: "wait", untilMs: now + BLIND_POLL_MS }]
    : [{ step: "recordFailure", reason: "node_lost" }];
}

function stopReason({ stoppedFor }: PlannedAgent): AgentReason {
  return stoppedFor ?? "stopped_by_user";
}

function planRun(input: PlanInput): AgentStep[] {
  const { agent, slot, now } = input;
  if (agent.phase === "deleting" || agent.phase === "deleted") return [];
  if (agent.phase === "failed" && agent.attempts >= ATTEMPT_BUDGET) return [];
  const retryWait = waitForRetry(agent, now);
  if (retryWait !== null) return retryWait;
  if (slot === null) return planPlacing(agent);
  return planSlot(input, slot);
}

/**
 * The next steps while the slot can't be observed (S3): nothing is decided about it. Only an agent on its way that
 * is overdue counts that as a failure, so that no phase lasts for ever.
 */
export function planUnobserved({ agent, now }: Pick<PlanInput, "agent" | "now">): AgentStep[] {
  const retryWait = waitForRetry(agent, now);
  if (retryWait !== null) return retryWait;
  const isFailure = agent.phase === "failing" || isOverdue(agent, agent.phaseSinceMs, now);
  return isFailure
    ? [{ step: "recordFailure", reason: "step_failed" }]
    : [{ step: "wait", untilMs: now + BLIND_POLL_MS }];
}

function waitForRetry(agent: PlannedAgent, now: number): AgentStep[] | null {
  const isEarly = agent.phase === "failing" && agent.retryAtMs !== null && now < agent.retryAtMs;
  return isEarly ? [{ step: "wait", untilMs: agent.retryAtMs ?? now }] : null;
}

const hadSlot: ReadonlySet<AgentPhase> = new Set(["creating", "starting", "ready", "dozing", "upgrading", "moving"]);

function planPlacing(agent: PlannedAgent): AgentStep[] {
  if (agent.phase === "placing") return [{ step: "reserveSlot", generation: agent.generation }];
  if (hadSlot.has(agent.phase)) return [{ step: "recordFailure", reason: "slot_lost" }];
  if (agent.phase === "stopping") return [{ step: "setPhase", to: "asleep", reason: null }];
  return [{ step: "setPhase", to: "placing", reason: null }, ...stage(agent, "placing")];
}

function planSlot(input: PlanInput, slot: PlannedSlot): AgentStep[] {
  const { agent, observed, now } = input;
  switch (observed.kind) {
    case "absent":
      // It ran here once and is gone: an empty agent in its place would look like lost data. A person decides.
      if (slot.startedGeneration !== null) return [{ step: "recordFailure", reason: "slot_lost" }];
      if (isOverdue(agent, agent.phaseSinceMs, now)) return [{ step: "recordFailure", reason: "step_failed" }];
      if (agent.phase !== "creating" && agent.phase !== "starting") return enterStarting(agent, slot);
      return [...stage(agent, "placing"), { step: "createSlot", slotId: slot.slotId }];
    case "stopped":
      return planStopped(agent, slot, observed);
    case "pending":
      return planPending(input, slot, observed);
    case "lost":
      return planLost(agent, now);
    case "running":
      return planRunning(input, slot, observed);
    default:
      return unreachable(observed);
  }
}

function planStopped(
  agent: PlannedAgent,
  slot: PlannedSlot,
  { lastExit, endedAtMs }: Extract<ObservedSlot, { kind: "stopped" }>,
): AgentStep[] {
  // What was asked to stop is started again without more ado: a clean shutdown of the machine is nobody's failure.
  if (lastExit === "clean") {
    return agent.phase === "starting"
      ? [...stage(agent, "starting"), startSlot(agent, slot)]
      : enterStarting(agent, slot);
  }
  const wasWell = agent.phase === "ready" || agent.phase === "dozing";
  // It ended by itself during this very start: without the pause of a failure it would be started in a tight loop.
  const endedInStart = agent.phase === "starting" && endedAtMs !== null && endedAtMs >= agent.phaseSinceMs;
  if (wasWell || endedInStart) return [{ step: "recordFailure", reason: reasonForExit(lastExit) }];
  return agent.phase === "starting"
    ? [...stage(agent, "starting"), startSlot(agent, slot)]
    : enterStarting(agent, slot);
}

function planPending(
  { agent, now }: PlanInput,
  slot: PlannedSlot,
  { sinceMs }: Extract<ObservedSlot, { kind: "pending" }>,
): AgentStep[] {
  if (agent.phase !== "starting") return enterStarting(agent, slot);
  if (slot.startedGeneration !== agent.generation) return [{ step: "stopSlot", slotId: slot.slotId }];
  if (now - Math.max(sinceMs, agent.phaseSinceMs) <= PENDING_LIMIT_MS)
    return [...stage(agent, "starting"), { step: "wait", untilMs: now + SILENT_POLL_MS }];
  return [
    { step: "stopSlot", slotId: slot.slotId },
    { step: "recordFailure", reason: "slot_pending" },
  ];
}

function planRunning(
  input: PlanInput,
  slot: PlannedSlot,
  observed: Extract<ObservedSlot, { kind: "running" }>,
): AgentStep[] {
  const { agent, now } = input;
  // Time that passed before the process was there (a machine that was off) is no part of its start.
  const overdue = isOverdue(agent, Math.max(agent.phaseSinceMs, observed.startedAtMs), now);
  const outdated = slot.startedGeneration !== agent.generation;
  if (outdated) {
    return agent.phase === "starting"
      ? [...stage(agent, "starting"), { step: "stopSlot", slotId: slot.slotId }]
      : enterStarting(agent, slot);
  }
  if (observed.agentd.kind === "silent") {
    if (agent.phase !== "starting") return enterStarting(agent, slot);
    const silentTooLong = now - Math.max(observed.startedAtMs, agent.phaseSinceMs) > SILENCE_LIMIT_MS;
    if (!silentTooLong) return [...stage(agent, "starting"), { step: "wait", untilMs: now + SILENT_POLL_MS }];
    return [
      { step: "stopSlot", slotId: slot.slotId },
      { step: "recordFailure", reason: "agentd_silent" },
    ];
  }
  if (agent.phase !== "starting" && agent.phase !== "ready") return enterStarting(agent, slot);
  if (observed.agentd.claimHash !== slot.claimHash) {
    return [...stage(agent, "warming"), { step: "claimSlot", slotId: slot.slotId }];
  }
  switch (observed.agentd.gateway) {
    case "ready":
      return planReady(input);
    case "failing":
      return [
        { step: "stopSlot", slotId: slot.slotId },
        { step: "recordFailure", reason: "gateway_failing" },
      ];
    case "unclaimed":
    case "starting":
    case "stopped":
      if (agent.phase !== "starting") return enterStarting(agent, slot);
      if (overdue) {
        return [
          { step: "stopSlot", slotId: slot.slotId },
          { step: "recordFailure", reason: "gateway_slow" },
        ];
      }
      return [...stage(agent, "warming"), { step: "wait", untilMs: now + POLL_MS }];
    default:
      return unreachable(observed.agentd.gateway);
  }
}

function planReady({ agent, now }: PlanInput): AgentStep[] {
  if (agent.phase !== "ready") {
    return [...stage(agent, "ready"), { step: "setPhase", to: "ready", reason: null }];
  }
  if (agent.attempts > 0 && now - agent.phaseSinceMs > FORGET_AFTER_MS)
    return [{ step: "forgetFailures", attempts: agent.attempts }];
  return [{ step: "wait", untilMs: now + SETTLED_POLL_MS }];
}

function enterStarting(agent: PlannedAgent, slot: PlannedSlot): AgentStep[] {
  // `requested` and `placing` may not jump over the phases in between; everything else may start again.
  if (agent.phase === "requested") return [{ step: "setPhase", to: "placing", reason: null }];
  if (slot.startedGeneration === null && (agent.phase === "placing" || agent.phase === "failing")) {
    return [{ step: "setPhase", to: "creating", reason: null }];
  }
  return [{ step: "setPhase", to: "starting", reason: null }, ...stage(agent, "starting")];
}

function startSlot(agent: PlannedAgent, slot: PlannedSlot): AgentStep {
  return { step: "startSlot", slotId: slot.slotId, generation: agent.generation };
}

function stage(agent: PlannedAgent, to: DeployStage): AgentStep[] {
  return agent.stage === to ? [] : [{ step: "setStage", stage: to }];
}

function isOverdue(agent: PlannedAgent, sinceMs: number, now: number): boolean {
  const deadlineMs = phaseDeadlineMs[agent.phase];
  return deadlineMs !== null && now - sinceMs > deadlineMs;
}

const exitReasons: Partial<Record<ExitCause, AgentReason>> = {
  out_of_memory: "out_of_memory",
  rejected: "slot_rejected",
  image_missing: "image_missing",
};

function reasonForExit(cause: ExitCause): AgentReason {
  return exitReasons[cause] ?? "agentd_exited";
}
