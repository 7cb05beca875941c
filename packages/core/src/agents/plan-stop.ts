import { ATTEMPT_BUDGET } from "./retry-policy.ts";
import type { AgentReason } from "./agent-health.ts";
import type { AgentStep } from "./agent-steps.ts";
import { isUp, planLost, waitForRetry } from "./plan-common.ts";
import type { PlanInput } from "./plan-input.ts";
import { isMoving, planMove } from "./plan-move.ts";
import { planLeftovers } from "./plan-slot.ts";
import { isTrialOpen, planTrialEnd } from "./plan-upgrade.ts";

/** Everything of an agent that its owner, or the platform, wants stopped. */
export function planStop(input: PlanInput): AgentStep[] {
  const { agent, slot, now } = input;
  if (agent.phase === "deleted") return [];
  if (agent.phase === "failed" && agent.attempts >= ATTEMPT_BUDGET) return [];
  const retryWait = waitForRetry(agent, now);
  if (retryWait !== null) return retryWait;
  // An image that has not proven itself is not what sleeps.
  if (slot !== null && isTrialOpen(slot)) return planTrialEnd(input, slot, "upgrade_interrupted");
  if (slot !== null && isMoving(input)) return planMove(input, slot);
  return planRest(input, agent.stoppedFor ?? "stopped_by_user");
}

/** Stops what runs and says why it rests; asleep is the end of it. */
export function planRest(input: PlanInput, reason: AgentReason): AgentStep[] {
  const { agent, slot, observed, now } = input;
  if (agent.phase === "asleep") {
    // A slot that runs although its agent sleeps (a start that a crash left behind) is stopped all the same.
    if (slot !== null && isUp(observed)) return [{ step: "stopSlot", slotId: slot.slotId }];
    return planLeftovers(input);
  }
  if (agent.phase === "requested") return [{ step: "setPhase", to: "asleep", reason }];
  if (agent.phase !== "stopping") return [{ step: "setPhase", to: "stopping", reason: null }];
  if (slot !== null && observed.kind === "lost") return planLost(agent, now);
  if (slot !== null && isUp(observed)) return [{ step: "stopSlot", slotId: slot.slotId }];
  return [{ step: "setPhase", to: "asleep", reason }];
}
