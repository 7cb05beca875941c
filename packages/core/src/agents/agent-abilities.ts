import type { AgentPhase } from "./agent-phase.ts";

export const agentActions = ["stop", "start", "restart", "delete"] as const;
export type AgentAction = (typeof agentActions)[number];

const running: readonly AgentAction[] = ["stop", "restart", "delete"];
const resting: readonly AgentAction[] = ["start", "delete"];

/** What the owner may press in each phase. api enforces it, the dashboard shows it. */
const abilities: Record<AgentPhase, readonly AgentAction[]> = {
  requested: ["stop", "delete"],
  placing: ["stop", "delete"],
  creating: ["stop", "delete"],
  starting: running,
  ready: running,
  dozing: running,
  stopping: resting,
  asleep: resting,
  upgrading: ["delete"],
  moving: ["delete"],
  failing: running,
  failed: ["start", "restart", "delete"],
  deleting: ["delete"],
  deleted: [],
};

export function agentAbilities(phase: AgentPhase): readonly AgentAction[] {
  return abilities[phase];
}

export function canPerform(action: AgentAction, phase: AgentPhase): boolean {
  return abilities[phase].includes(action);
}
