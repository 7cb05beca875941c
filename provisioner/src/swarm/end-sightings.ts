import type { Clock } from "@automna/core/shared/clock";

/**
 * When slots' runs were seen to have ended, by our own clock: the engine's may be another's, and the planner compares
 * with its own times. Of what was over before we looked for the first time, the engine's word is all there is.
 */
export interface EndSightings {
  seenRunning: (slotId: string) => void;
  /** `run` names the run that is over. */
  seenEnded: (slotId: string, run: string, engineSaysMs: number) => number;
}

export function makeEndSightings(clock: Clock): EndSightings {
  const seen = new Map<string, { run: string; endedAtMs: number } | null>();
  return {
    seenRunning: (slotId) => void seen.set(slotId, null),
    seenEnded(slotId, run, engineSaysMs) {
      const known = seen.get(slotId);
      if (known?.run === run) return known.endedAtMs;
      const endedAtMs = known === undefined ? engineSaysMs : clock();
      seen.set(slotId, { run, endedAtMs });
      return endedAtMs;
    },
  };
}
