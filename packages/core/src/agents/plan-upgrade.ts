import { unreachable } from "../shared/unreachable.ts";
import type { AgentReason } from "./agent-health.ts";
import { phaseDeadlineMs } from "./agent-phase.ts";
import type { AgentStep } from "./agent-steps.ts";
import { isUp, PENDING_LIMIT_MS, planLost, POLL_MS, SILENCE_LIMIT_MS, startSlot } from "./plan-common.ts";
import type { PlanInput, PlannedAgent, PlannedSlot } from "./plan-input.ts";

// Upgrades stop first (design D14): one writer at a time, and its state migrates forward only. So: stop, wait for the
// real exit, snapshot, start the new image, let it prove itself; else image and data come back together.

/** The slot has an image that has not proven itself, or is on its way back from one. */
export function isTrialOpen({ trial }: PlannedSlot): boolean {
  return trial !== null && trial.stage !== "done";
}

export function isUpgradeDue(agent: PlannedAgent, slot: PlannedSlot): boolean {
  if (agent.wishedImage === null || agent.wishedImage === slot.image || slot.startedGeneration === null) return false;
  // What is left of the last one goes first: a snapshot belongs to one upgrade.
  if (slot.trial !== null) return false;
  return ["upgrading", "ready", "dozing", "asleep"].includes(agent.phase);
}

/** Up to the moment in which the slot has the new image. */
export function planUpgrade(input: PlanInput, slot: PlannedSlot): AgentStep[] {
  const { agent, observed, now } = input;
  if (agent.wishedImage === null) return [];
  if (agent.phase !== "upgrading") return [{ step: "setPhase", to: "upgrading", reason: null }];
  if (observed.kind === "lost") return planLost(agent, now);
  if (observed.kind === "absent") return [{ step: "recordFailure", reason: "slot_lost" }];
  if (isUp(observed)) return [{ step: "stopSlot", slotId: slot.slotId }];
  // Named by the time at which it began: the same after a crash, another for the next upgrade.
  const snapshot = `upgrade-${agent.phaseSinceMs}`;
  return [{ step: "snapshotSlot", slotId: slot.slotId, snapshot, image: agent.wishedImage }];
}

/** While the new image proves itself, and on the way back when it did not. */
export function planTrial(input: PlanInput, slot: PlannedSlot): AgentStep[] {
  const { agent, observed, now } = input;
  if (slot.trial?.stage !== "trying" || agent.phase !== "upgrading") return planTrialEnd(input, slot, "upgrade_failed");
  const deadlineMs = phaseDeadlineMs.upgrading;
  if (deadlineMs !== null && now - slot.trial.sinceMs > deadlineMs) return planTrialEnd(input, slot, "upgrade_failed");
  const poll: AgentStep[] = [{ step: "wait", untilMs: now + POLL_MS }];
  const giveUp = planTrialEnd(input, slot, "upgrade_failed");
  switch (observed.kind) {
    case "lost":
      return planLost(agent, now);
    case "absent":
      return [{ step: "recordFailure", reason: "slot_lost" }];
    case "stopped": {
      const hasEnded = observed.endedAtMs !== null && observed.endedAtMs >= slot.trial.sinceMs;
      return hasEnded && observed.lastExit !== "clean" ? giveUp : [startSlot(agent, slot)];
    }
    case "dozing":
      return [{ step: "wakeSlot", slotId: slot.slotId }];
    case "pending":
      return now - observed.sinceMs > PENDING_LIMIT_MS ? giveUp : poll;
    case "running":
      break;
    default:
      return unreachable(observed);
  }
  if (slot.startedGeneration !== agent.generation) return [{ step: "stopSlot", slotId: slot.slotId }];
  if (observed.agentd.kind === "silent") return now - observed.startedAtMs > SILENCE_LIMIT_MS ? giveUp : poll;
  if (observed.agentd.claimHash !== slot.claimHash) return [{ step: "claimSlot", slotId: slot.slotId }];
  if (observed.agentd.gateway === "failing") return giveUp;
  return observed.agentd.gateway === "ready" ? [{ step: "endUpgrade", slotId: slot.slotId }] : poll;
}

/** Image and data go back together, once nothing of the slot runs. */
export function planTrialEnd(input: PlanInput, slot: PlannedSlot, reason: AgentReason): AgentStep[] {
  const { agent, observed, now } = input;
  if (slot.trial?.stage === "trying") return [{ step: "failUpgrade", slotId: slot.slotId, reason }];
  if (observed.kind === "lost") return planLost(agent, now);
  if (observed.kind === "absent") return [{ step: "recordFailure", reason: "slot_lost" }];
  if (isUp(observed)) return [{ step: "stopSlot", slotId: slot.slotId }];
  return [{ step: "restoreSlot", slotId: slot.slotId, snapshot: slot.trial?.snapshot ?? "" }];
}
