import { chooseRest, type Rest, type RestTimes } from "@automna/core/agents/sleep-policy";
import type { Clock } from "@automna/core/shared/clock";
import { listRestCandidates, wishRest, type RestCandidate } from "@automna/records/activity";
import { toTier } from "@automna/records/agents";
import type { Database } from "@automna/records/database";
import type { Logger } from "@automna/service-kit/log";

export interface RestSweepDeps {
  db: Database;
  times: RestTimes;
  /** Tells the agents' looks that a wish has changed. */
  hint: (agentId: string) => void;
  clock: Clock;
  log: Logger;
}

/** Returns one turn of the sweep over all agents: who nobody has needed for long enough may doze, or sleep. */
export function makeRestSweep({ db, times, hint, clock, log }: RestSweepDeps): (signal: AbortSignal) => Promise<void> {
  return async (signal) => {
    for (const candidate of await listRestCandidates(db)) {
      signal.throwIfAborted();
      const rest = judge(times, candidate, clock());
      if (rest === null) continue;
      const { id: agentId, wakes } = candidate;
      if (!(await wishRest(db, { agentId, rest, wakes, now: new Date(clock()) }))) continue;
      log.info({ agentId, rest }, "an agent's rest changes");
      hint(agentId);
    }
  };
}

/**
 * The rest that is to be wished for; null = it is as it should be. Pure. Deeper rest needs idle time; less of it needs
 * somebody who came after it was decided, as when a request was under way when the agent was frozen.
 */
export function judge(times: RestTimes, candidate: RestCandidate, now: number): Rest | null {
  const { phase, phaseSince, rest, restSince, activeAt, wakes, restWakes } = candidate;
  const tier = toTier(candidate.tier);
  if (tier === null) return null;
  const isResting = rest !== "awake" && wakes === restWakes;
  const activeAtMs = activeAt?.getTime() ?? 0;
  if (isResting && restSince !== null && activeAtMs > restSince.getTime()) return "awake";
  if (phase === "asleep" || (isResting && phase === "ready")) return null;
  // Whoever has not been seen at the proxy is idle since it became ready; phases change when it rests.
  const since = isResting ? (activeAt ?? restSince ?? phaseSince) : phaseSince;
  const wanted = chooseRest(times, {
    tier,
    activeAtMs: Math.max(activeAtMs, since.getTime()),
    readySinceMs: since.getTime(),
    // Nothing but the web chat reaches an agent yet, and no schedule of its own is known here.
    channels: 0,
    nextScheduleMs: null,
    now,
  });
  if (wanted === "awake" || (isResting && wanted === rest)) return null;
  return wanted;
}
