import type { AgentView } from "@automna/contract/agents";
import type { AgentPhase } from "@automna/core/agents/agent-phase";
import type { MarkTone } from "../components/StateMark.tsx";

/** What a person calls an agent's state. Always shown as word, icon and colour together. */
export interface AgentState {
  word: string;
  tone: MarkTone;
}

const states: Record<AgentPhase, AgentState> = {
  requested: { word: "Queued", tone: "working" },
  placing: { word: "Starting", tone: "working" },
  creating: { word: "Starting", tone: "working" },
  starting: { word: "Starting", tone: "working" },
  ready: { word: "Online", tone: "ready" },
  dozing: { word: "Dozing", tone: "asleep" },
  stopping: { word: "Stopping", tone: "working" },
  asleep: { word: "Asleep", tone: "asleep" },
  upgrading: { word: "Upgrading", tone: "working" },
  moving: { word: "Moving", tone: "working" },
  failing: { word: "Failing", tone: "failing" },
  failed: { word: "Failed", tone: "failing" },
  deleting: { word: "Deleting", tone: "waiting" },
  deleted: { word: "Deleted", tone: "asleep" },
};

export function agentState(phase: AgentPhase): AgentState {
  return states[phase];
}

/** True when the agent answers on its socket, at once or by waking for it. */
export function isReachable(agent: Pick<AgentView, "phase" | "desired">): boolean {
  // One that rests wakes on the connection itself.
  const wakes = agent.phase === "dozing" || (agent.phase === "asleep" && agent.desired === "running");
  return agent.phase === "ready" || wakes;
}

/** True when nothing runs because its owner wants it so. */
export function isResting(agent: Pick<AgentView, "phase" | "desired">): boolean {
  return agent.desired === "stopped" && (agent.phase === "asleep" || agent.phase === "stopping");
}
