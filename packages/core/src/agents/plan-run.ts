import type { AgentStep } from "./agent-steps.ts";
import { isUp, planLost, waitForRetry } from "./plan-common.ts";
import type { PlanInput, PlannedSlot } from "./plan-input.ts";
import { isMoving, planMove } from "./plan-move.ts";
import { planLeftovers, planPlacing, planSlot } from "./plan-slot.ts";
import { planRest } from "./plan-stop.ts";
import { planWake } from "./plan-wake.ts";
import { isTrialOpen, isUpgradeDue, planTrial, planUpgrade } from "./plan-upgrade.ts";
import { ATTEMPT_BUDGET } from "./retry-policy.ts";

/** Everything of an agent that is to run: placed, started, moved, upgraded, or resting until somebody needs it. */
export function planRun(input: PlanInput): AgentStep[] {
  const { agent, slot, now } = input;
  if (agent.phase === "deleting" || agent.phase === "deleted") return [];
  if (agent.phase === "failed" && agent.attempts >= ATTEMPT_BUDGET) return [];
  const retryWait = waitForRetry(agent, now);
  if (retryWait !== null) return retryWait;
  if (slot === null) return planPlacing(agent);
  if (isTrialOpen(slot)) return planTrial(input, slot);
  if (isMoving(input)) return planMove(input, slot);
  const waking = planWake(input);
  if (waking !== null) return waking;
  if (isUpgradeDue(agent, slot)) return planUpgrade(input, slot);
  if (agent.rest === "sleep" && mayRest(input)) return planRest(input, "resting");
  if (agent.rest === "doze" && (agent.phase === "ready" || agent.phase === "dozing")) return planDoze(input, slot);
  return planSlot(input, slot);
}

/** Only what was well rests: trouble is dealt with first. */
function mayRest({ agent }: PlanInput): boolean {
  return ["ready", "dozing", "stopping", "asleep"].includes(agent.phase);
}

/** First out of the proxy's sight, then frozen: what comes meanwhile is held there, and wakes it. */
function planDoze(input: PlanInput, slot: PlannedSlot): AgentStep[] {
  const { agent, observed, now } = input;
  if (observed.kind === "dozing" && agent.phase === "dozing") return planLeftovers(input);
  if (observed.kind === "lost") return planLost(agent, now);
  // Ended, never begun, outdated, or not well: that comes first.
  const isWell = observed.kind === "running" && observed.agentd.kind === "answering";
  if (!isUp(observed) || slot.startedGeneration !== agent.generation) return planSlot(input, slot);
  if (agent.phase !== "dozing")
    return isWell || observed.kind === "dozing"
      ? [{ step: "setPhase", to: "dozing", reason: null }]
      : planSlot(input, slot);
  return observed.kind === "running" ? [{ step: "dozeSlot", slotId: slot.slotId }] : planSlot(input, slot);
}
