import { unreachable } from "../shared/unreachable.ts";
import type { AgentStep } from "./agent-steps.ts";
import { BLIND_POLL_MS, isUp } from "./plan-common.ts";
import type { PlanInput } from "./plan-input.ts";

/** Delete works from anywhere: whatever an agent was in the middle of, every place of it goes, the present one last. */
export function planDelete({ agent, slot, observed, next, kept, now }: PlanInput): AgentStep[] {
  if (agent.phase === "deleted") return [];
  if (agent.phase !== "deleting") return [{ step: "setPhase", to: "deleting", reason: null }];
  if (next !== null) {
    if (next.observed.kind === "lost") return [{ step: "wait", untilMs: now + BLIND_POLL_MS }];
    return [{ step: isUp(next.observed) ? "stopSlot" : "dropSlot", slotId: next.slotId }];
  }
  const [old] = kept;
  if (old !== undefined) return [{ step: "dropSlot", slotId: old.slotId }];
  if (slot === null) return [{ step: "setPhase", to: "deleted", reason: null }];
  switch (observed.kind) {
    case "running":
    case "dozing":
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
