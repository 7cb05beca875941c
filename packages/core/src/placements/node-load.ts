import type { AgentPhase } from "../agents/agent-phase.ts";

/** What a dozing slot keeps of its memory, MB: the rest is swapped out (notes: openclaw 11; twice what was measured). */
const DOZING_MB = 60;

/** What a slot takes of its node. */
export interface SlotLoad {
  reservedMb: number;
  isAwake: boolean;
}

/** What a slot takes in the phase of its agent; null = no agent has it: a warm slot, or the new place of a move. */
export function slotLoad(phase: AgentPhase | null, workingSetMb: number): SlotLoad {
  if (phase !== null && restingPhases.has(phase)) return { reservedMb: 0, isAwake: false };
  if (phase === "dozing") return { reservedMb: Math.min(DOZING_MB, workingSetMb), isAwake: false };
  return { reservedMb: workingSetMb, isAwake: true };
}

/** Nothing of it runs, and nothing is about to. */
const restingPhases: ReadonlySet<AgentPhase> = new Set(["asleep", "failed", "deleted"]);
