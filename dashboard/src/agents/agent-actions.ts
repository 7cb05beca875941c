import type { AgentView } from "@automna/contract/agents";
import { agentActions, canPerform, type AgentAction } from "@automna/core/agents/agent-abilities";

export interface ActionText {
  label: string;
  /** What pressing it means, in one sentence. */
  consequence: string;
}

export const actionTexts: Record<AgentAction, ActionText> = {
  restart: { label: "Restart", consequence: "Stops and starts it again, usually within 20 s. Files and history stay." },
  stop: { label: "Stop", consequence: "It answers nobody until it is started. Files and history stay." },
  start: { label: "Start", consequence: "Brings it back with its files and history, usually within 20 s." },
  delete: {
    label: "Delete agent",
    consequence: "Removes the agent with all of its files and its whole history. This can't be undone.",
  },
};

/** What may be offered now: what the api allows, checked against the phase in hand, in a fixed order. */
export function offeredActions(agent: Pick<AgentView, "abilities" | "phase">): AgentAction[] {
  return agentActions.filter((action) => agent.abilities.includes(action) && canPerform(action, agent.phase));
}
