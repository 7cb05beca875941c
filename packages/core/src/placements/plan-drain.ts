import type { AgentPhase } from "../agents/agent-phase.ts";

/** An agent on a node that is being emptied. */
export interface DrainedAgent {
  agentId: string;
  phase: AgentPhase;
  isMoveWished: boolean;
  /** When the last try to move it was given up; null = never in this drain. */
  gaveUpAtMs: number | null;
}

export interface DrainPlan {
  /** Agents to wish elsewhere now. */
  move: string[];
  progress: DrainProgress;
  /** Nothing of an agent is left there. */
  isDone: boolean;
}

export interface DrainProgress {
  left: number;
  moving: number;
  /** Neither on its way nor able to set out: refused by the other nodes a moment ago, or not well. */
  stuck: number;
}

/** A move that was given up is tried again after this. */
export const MOVE_RETRY_MS = 60_000;

const movablePhases: ReadonlySet<AgentPhase> = new Set(["ready", "dozing", "asleep"]);

/** May an agent in this phase set out for another place? One that is on its way to somewhere gets there first. */
export function canMove(phase: AgentPhase): boolean {
  return movablePhases.has(phase);
}

/**
 * Who moves next: at most `concurrency` at the same time, those whom nobody waits for first. Pure; asked again after a
 * crash it goes on with what is still there.
 */
export function planDrain(agents: readonly DrainedAgent[], concurrency: number, now: number): DrainPlan {
  const here = agents.filter(({ phase }) => phase !== "deleted");
  const moving = here.filter(({ isMoveWished }) => isMoveWished);
  const rests = ({ gaveUpAtMs }: DrainedAgent) => gaveUpAtMs !== null && now - gaveUpAtMs < MOVE_RETRY_MS;
  const ready = here.filter((agent) => !agent.isMoveWished && canMove(agent.phase) && !rests(agent));
  const order: Partial<Record<AgentPhase, number>> = { asleep: 0, dozing: 1, ready: 2 };
  const move = ready
    .toSorted((one, other) => (order[one.phase] ?? 3) - (order[other.phase] ?? 3))
    .slice(0, Math.max(0, concurrency - moving.length))
    .map(({ agentId }) => agentId);
  const stuck = here.filter(
    (agent) => !agent.isMoveWished && (rests(agent) || agent.phase === "failed" || agent.phase === "failing"),
  );
  return {
    move,
    progress: { left: here.length, moving: moving.length, stuck: stuck.length },
    isDone: here.length === 0,
  };
}
