import { unreachable } from "../shared/unreachable.ts";
import type { AgentStep } from "./agent-steps.ts";
import type { AgentPhase } from "./agent-phase.ts";
import type { ObservedSlot } from "./observed-slot.ts";
import {
  bootPollMs,
  isOverdue,
  PENDING_LIMIT_MS,
  planLost,
  reasonForExit,
  SETTLED_POLL_MS,
  SILENCE_LIMIT_MS,
  stage,
  startSlot,
} from "./plan-common.ts";
import type { PlanInput, PlannedAgent, PlannedSlot } from "./plan-input.ts";
import { FORGET_AFTER_MS } from "./retry-policy.ts";

// From a place to an agent that answers, and staying there.

const hadSlot: ReadonlySet<AgentPhase> = new Set(["creating", "starting", "ready", "dozing", "upgrading", "moving"]);

export function planPlacing(agent: PlannedAgent): AgentStep[] {
  const reserve: AgentStep = { step: "reserveSlot", generation: agent.generation };
  if (agent.phase === "placing") return [reserve];
  if (hadSlot.has(agent.phase)) return [{ step: "recordFailure", reason: "slot_lost" }];
  if (agent.phase === "stopping") return [{ step: "setPhase", to: "asleep", reason: null }];
  return [{ step: "setPhase", to: "placing", reason: null }, ...stage(agent, "placing"), reserve];
}

export function planSlot(input: PlanInput, slot: PlannedSlot): AgentStep[] {
  const { agent, observed, now } = input;
  switch (observed.kind) {
    case "absent":
      // It ran here once and is gone: an empty agent in its place would look like lost data. A person decides.
      if (slot.startedGeneration !== null) return [{ step: "recordFailure", reason: "slot_lost" }];
      if (isOverdue(agent, agent.phaseSinceMs, now)) return [{ step: "recordFailure", reason: "step_failed" }];
      return planCreating(agent, slot);
    case "stopped":
      return planStopped(agent, slot, observed);
    case "pending":
      return planPending(input, slot, observed);
    case "lost":
      return planLost(agent, now);
    case "dozing":
      // Somebody needs it, or it was frozen by nobody's wish: it goes on where it was.
      return [{ step: "wakeSlot", slotId: slot.slotId }];
    case "running":
      return planRunning(input, slot, observed);
    default:
      return unreachable(observed);
  }
}

function planCreating(agent: PlannedAgent, slot: PlannedSlot): AgentStep[] {
  const create: AgentStep[] = [...stage(agent, "placing"), { step: "createSlot", slotId: slot.slotId }];
  if (agent.phase === "creating" || agent.phase === "starting") return create;
  const entering = enterStarting(agent, slot);
  return isEntered(entering, "creating") ? [...entering, ...create] : entering;
}

/** Only the record says so until then; the step that acts comes right after it, without another look. */
function isEntered(entering: readonly AgentStep[], phase: AgentPhase): boolean {
  return entering.some((step) => step.step === "setPhase" && step.to === phase);
}

function planStopped(
  agent: PlannedAgent,
  slot: PlannedSlot,
  { lastExit, endedAtMs }: Extract<ObservedSlot, { kind: "stopped" }>,
): AgentStep[] {
  // What was asked to stop is started again without more ado: a clean shutdown of the machine is nobody's failure.
  if (lastExit === "clean") return startOrEnter(agent, slot);
  const wasWell = wellPhases.has(agent.phase);
  // It ended by itself during this very start: without the pause of a failure it would be started in a tight loop.
  const endedInStart = agent.phase === "starting" && endedAtMs !== null && endedAtMs >= agent.phaseSinceMs;
  // It fell silent while it was well, and only then its end was told: that is what the silence was.
  const fellSilent = agent.phase === "starting" && agent.reason === "agentd_silent";
  if (wasWell || endedInStart || fellSilent) return [{ step: "recordFailure", reason: reasonForExit(lastExit) }];
  return startOrEnter(agent, slot);
}

/** A stopped slot starts, with the limits that its agent's tier has by now. */
function startOrEnter(agent: PlannedAgent, slot: PlannedSlot): AgentStep[] {
  const act: AgentStep =
    slot.memoryMb === agent.memoryMb
      ? startSlot(agent, slot)
      : { step: "resizeSlot", slotId: slot.slotId, memoryMb: agent.memoryMb };
  if (agent.phase === "starting") return [...stage(agent, "starting"), act];
  const entering = enterStarting(agent, slot);
  return isEntered(entering, "starting") ? [...entering, act] : entering;
}

function planPending(
  { agent, now }: PlanInput,
  slot: PlannedSlot,
  { sinceMs }: Extract<ObservedSlot, { kind: "pending" }>,
): AgentStep[] {
  if (agent.phase !== "starting") return enterStarting(agent, slot);
  if (slot.startedGeneration !== agent.generation) return [{ step: "stopSlot", slotId: slot.slotId }];
  const waitedMs = now - Math.max(sinceMs, agent.phaseSinceMs);
  if (waitedMs <= PENDING_LIMIT_MS)
    return [...stage(agent, "starting"), { step: "wait", untilMs: now + bootPollMs(waitedMs) }];
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
    if (wellPhases.has(agent.phase)) return enterStarting(agent, slot, "agentd_silent");
    if (agent.phase !== "starting") return enterStarting(agent, slot);
    const silentMs = now - Math.max(observed.startedAtMs, agent.phaseSinceMs);
    if (silentMs <= SILENCE_LIMIT_MS)
      return [...stage(agent, "starting"), { step: "wait", untilMs: now + bootPollMs(silentMs) }];
    return [
      { step: "stopSlot", slotId: slot.slotId },
      { step: "recordFailure", reason: "agentd_silent" },
    ];
  }
  if (!upPhases.has(agent.phase)) return enterStarting(agent, slot);
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
      return [...stage(agent, "warming"), { step: "wait", untilMs: now + bootPollMs(now - agent.phaseSinceMs) }];
    default:
      return unreachable(observed.agentd.gateway);
  }
}

const wellPhases: ReadonlySet<AgentPhase> = new Set(["ready", "dozing"]);
/** One that was woken is ready without having started. */
const upPhases: ReadonlySet<AgentPhase> = new Set(["starting", "ready", "dozing"]);

function planReady(input: PlanInput): AgentStep[] {
  const { agent, now } = input;
  if (agent.phase !== "ready") {
    const reason = agent.isSafeMode ? "safe_mode" : null;
    return [...stage(agent, "ready"), { step: "setPhase", to: "ready", reason }];
  }
  const leftover = planLeftovers(input);
  if (leftover.length > 0) return leftover;
  if (agent.attempts > 0 && now - agent.phaseSinceMs > FORGET_AFTER_MS)
    return [{ step: "forgetFailures", attempts: agent.attempts }];
  return [{ step: "wait", untilMs: now + SETTLED_POLL_MS }];
}

/** What moves and upgrades keep for a while, once its time is over. */
export function planLeftovers({ agent, slot, next, kept, now }: PlanInput): AgentStep[] {
  if (next !== null && !agent.isMoveWished && next.observed.kind !== "lost")
    return [{ step: "dropSlot", slotId: next.slotId }];
  if (slot?.trial?.stage === "done")
    return [{ step: "dropSnapshot", slotId: slot.slotId, snapshot: slot.trial.snapshot }];
  const over = kept.find(({ untilMs }) => untilMs <= now);
  return over === undefined ? [] : [{ step: "dropSlot", slotId: over.slotId }];
}

export function enterStarting(
  agent: PlannedAgent,
  slot: PlannedSlot,
  reason: "agentd_silent" | null = null,
): AgentStep[] {
  // `requested` and `placing` may not jump over the phases in between; everything else may start again.
  if (agent.phase === "requested") return [{ step: "setPhase", to: "placing", reason: null }];
  if (slot.startedGeneration === null && (agent.phase === "placing" || agent.phase === "failing")) {
    return [{ step: "setPhase", to: "creating", reason: null }];
  }
  return [{ step: "setPhase", to: "starting", reason }, ...stage(agent, "starting")];
}
