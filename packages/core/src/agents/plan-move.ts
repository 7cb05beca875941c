import { unreachable } from "../shared/unreachable.ts";
import type { AgentPhase } from "./agent-phase.ts";
import type { AgentStep } from "./agent-steps.ts";
import { isOverdue, isUp, PENDING_LIMIT_MS, planLost, POLL_MS, SILENCE_LIMIT_MS, startSlot } from "./plan-common.ts";
import type { NextSlot, PlanInput, PlannedSlot } from "./plan-input.ts";

// A move is a new slot (design D3). Until the flip the old one is the agent's: whatever goes wrong, it goes on there,
// with its data. The new one is started only when nothing of the old one runs.

/** An agent that is on its way to another place, or may set out now. */
export function isMoving({ agent }: PlanInput): boolean {
  return agent.isMoveWished && movable.has(agent.phase);
}

/** Well, at rest, or under way: what is in trouble is brought up where it is first. */
export const movable: ReadonlySet<AgentPhase> = new Set(["moving", "ready", "dozing", "asleep"]);

/**
 * What has to happen to the new place of a move that was given up before anything else may; null = nothing. The old
 * place must not start while the new one runs, or may run where nobody can look.
 */
export function planAbandoned({ agent, next, now }: PlanInput): AgentStep[] | null {
  if (next === null) return null;
  if (agent.isMoveWished) {
    if (movable.has(agent.phase)) return null;
    return [{ step: "abandonMove", reason: "move_failed" }];
  }
  if (next.observed.kind === "lost") return next.startedGeneration === null ? null : planLost(agent, now);
  return isUp(next.observed) ? [{ step: "stopSlot", slotId: next.slotId }] : null;
}

export function planMove(input: PlanInput, slot: PlannedSlot): AgentStep[] {
  const { agent, observed, next, now } = input;
  if (agent.phase === "moving" && isOverdue(agent, agent.phaseSinceMs, now))
    return [{ step: "abandonMove", reason: "move_failed" }];
  // A place that never ran has nothing to move, and one that is gone nothing left.
  if (slot.startedGeneration === null || observed.kind === "absent")
    return [{ step: "abandonMove", reason: "slot_lost" }];
  // The new place is made while the agent still works.
  if (next === null) return [{ step: "reserveNextSlot", generation: agent.generation }];
  if (next.observed.kind === "absent") return [{ step: "createSlot", slotId: next.slotId }];
  if (observed.kind === "lost") return [{ step: "abandonMove", reason: "node_lost" }];
  if (agent.phase !== "moving") {
    const reason = agent.reason === "moving_for_room" ? agent.reason : null;
    return [{ step: "setPhase", to: "moving", reason }];
  }
  if (isUp(observed)) return [{ step: "stopSlot", slotId: slot.slotId }];
  if (!next.isFilled) return [{ step: "copyVolume", from: slot.slotId, to: next.slotId }];
  if (agent.desired === "running" && agent.rest !== "sleep") return planVerify(input, next);
  return isUp(next.observed)
    ? [{ step: "stopSlot", slotId: next.slotId }]
    : [{ step: "flipMove", from: slot.slotId, to: next.slotId }];
}

/** The agent has to answer at its new place before it is the agent's. */
function planVerify({ agent, slot, now }: PlanInput, next: NextSlot): AgentStep[] {
  const { observed } = next;
  const giveUp: AgentStep[] = [{ step: "abandonMove", reason: "move_failed" }];
  switch (observed.kind) {
    case "lost":
    case "absent":
      return giveUp;
    case "stopped": {
      const hasEnded = observed.endedAtMs !== null && observed.endedAtMs >= agent.phaseSinceMs;
      return hasEnded && observed.lastExit !== "clean" ? giveUp : [startSlot(agent, next)];
    }
    case "dozing":
      return [{ step: "wakeSlot", slotId: next.slotId }];
    case "pending":
      return now - observed.sinceMs > PENDING_LIMIT_MS ? giveUp : [{ step: "wait", untilMs: now + POLL_MS }];
    case "running":
      break;
    default:
      return unreachable(observed);
  }
  if (next.startedGeneration !== agent.generation) return [{ step: "stopSlot", slotId: next.slotId }];
  const { agentd } = observed;
  if (agentd.kind === "silent") {
    return now - observed.startedAtMs > SILENCE_LIMIT_MS ? giveUp : [{ step: "wait", untilMs: now + POLL_MS }];
  }
  if (agentd.claimHash !== next.claimHash) return [{ step: "claimSlot", slotId: next.slotId }];
  if (agentd.gateway === "failing") return giveUp;
  if (agentd.gateway === "ready" && slot !== null) return [{ step: "flipMove", from: slot.slotId, to: next.slotId }];
  return [{ step: "wait", untilMs: now + POLL_MS }];
}
