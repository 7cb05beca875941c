import type { AgentPhase } from "../agents/agent-phase.ts";

/** What a dozing slot keeps of its memory, MB: the rest is swapped out (notes: openclaw 11; twice what was measured). */
const DOZING_MB = 60;

/** What a slot takes of its node. */
export interface SlotLoad {
  reservedMb: number;
  /** In the node's swap while it dozes, or in its memory where there is no swap left. */
  swappedMb: number;
  isAwake: boolean;
}

/** What a slot takes in the phase of its agent; null = no agent has it: a warm slot, or the new place of a move. */
export function slotLoad(phase: AgentPhase | null, workingSetMb: number): SlotLoad {
  if (phase !== null && restingPhases.has(phase)) return { reservedMb: 0, swappedMb: 0, isAwake: false };
  if (phase !== "dozing") return { reservedMb: workingSetMb, swappedMb: 0, isAwake: true };
  const reservedMb = Math.min(DOZING_MB, workingSetMb);
  return { reservedMb, swappedMb: workingSetMb - reservedMb, isAwake: false };
}

/** Memory of a node that is taken, MB: what dozes and finds no room in its swap stays in memory. `swapMb` null = not known. */
export function takenMb({ reservedMb, swappedMb }: Omit<SlotLoad, "isAwake">, swapMb: number | null): number {
  return reservedMb + (swapMb === null ? 0 : Math.max(0, swappedMb - swapMb));
}

/** Nothing of it runs, and nothing is about to. */
const restingPhases: ReadonlySet<AgentPhase> = new Set(["asleep", "failed", "deleted"]);
