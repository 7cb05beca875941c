import { canPerform, type AgentAction } from "@automna/core/agents/agent-abilities";
import type { AgentPhase } from "@automna/core/agents/agent-phase";
import type { DesiredState } from "@automna/core/agents/agent-spec";
import { unreachable } from "@automna/core/shared/unreachable";

/** What each action asks for. */
export const wishedState: Record<AgentAction, DesiredState> = {
  start: "running",
  stop: "stopped",
  restart: "running",
  delete: "deleted",
};

export interface WishedAgent {
  desired: DesiredState;
  phase: AgentPhase;
}

/** `already`: the same wish stands and goes on; `refused`: not in the agent's present state. */
export type WishOutcome = "change" | "already" | "refused";

/** What pressing an action means for an agent that is wanted and is as given. */
export function decideWish(action: AgentAction, { desired, phase }: WishedAgent): WishOutcome {
  if (desired === "deleted") return action === "delete" ? "already" : "refused";
  if (isStanding(action, { desired, phase })) return "already";
  return canPerform(action, phase) ? "change" : "refused";
}

function isStanding(action: AgentAction, { desired, phase }: WishedAgent): boolean {
  switch (action) {
    case "stop":
      return desired === "stopped";
    case "start":
      // A failed agent is wanted too, but only a new wish lets it try again; one that rests is woken by it.
      return desired === "running" && phase !== "failed" && phase !== "asleep";
    case "restart":
    case "delete":
      return false;
    default:
      return unreachable(action);
  }
}
