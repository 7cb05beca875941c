import { unreachable } from "../shared/unreachable.ts";
import type { AgentReason } from "./agent-health.ts";
import type { AgentStep, AgentStepName } from "./agent-steps.ts";
import { BLIND_POLL_MS, isOverdue, waitForRetry } from "./plan-common.ts";
import { planDelete } from "./plan-delete.ts";
import type { PlanInput } from "./plan-input.ts";
import { movable, planAbandoned } from "./plan-move.ts";
import { planRun } from "./plan-run.ts";
import { planStop } from "./plan-stop.ts";

/**
 * The next safe steps for one agent, in order; empty = settled for good. Pure: the caller executes them and asks
 * again. Never more than one step that changes the outside world at a time, so that a crash is always between
 * two looks (S2, S10).
 */
export function planAgent(input: PlanInput): AgentStep[] {
  if (input.agent.desired === "deleted") return planDelete(input);
  const abandoned = planAbandoned(input);
  if (abandoned !== null) return abandoned;
  switch (input.agent.desired) {
    case "stopped":
      return planStop(input);
    case "running":
      return planRun(input);
    default:
      return unreachable(input.agent.desired);
  }
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

/** Only tidying up, or asking for room: tried again later, and nobody's failure. */
const tidying: ReadonlySet<AgentStepName> = new Set(["dropSlot", "dropSnapshot", "seekRoom"]);

/**
 * What it means that a step did not work: a move is given up, a new image goes back, anything else counts as an
 * attempt. Deleting has no budget of attempts: it is tried until it works.
 */
export function planFailure(
  { agent, slot, now }: Pick<PlanInput, "agent" | "slot" | "now">,
  failed: AgentStepName,
  reason: AgentReason,
): AgentStep {
  if (agent.phase === "deleting" || tidying.has(failed)) return { step: "wait", untilMs: now + BLIND_POLL_MS };
  if (
    slot !== null &&
    (slot.trial?.stage === "trying" || agent.phase === "upgrading") &&
    slot.trial?.stage !== "restoring"
  )
    return { step: "failUpgrade", slotId: slot.slotId, reason };
  if (agent.isMoveWished && movable.has(agent.phase)) return { step: "abandonMove", reason };
  return { step: "recordFailure", reason };
}
