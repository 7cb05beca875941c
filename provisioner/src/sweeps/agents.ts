import { LONGEST_BOOT_POLL_MS } from "@automna/core/agents/plan-common";
import { ATTEMPT_BUDGET } from "@automna/core/agents/retry-policy";
import { MINUTE_MS, type Clock } from "@automna/core/shared/clock";
import { listAgentSummaries, type AgentSummary } from "@automna/records/agents";
import type { Database } from "@automna/records/database";
import type { LookScheduler } from "../agents/look-scheduler.ts";

/** Not 1: something may be wished of an agent that looks settled by its record, and it too must come first at times. */
const SETTLED_RANK = 0.5;
/** Everything is looked at this often, settled or not (design D1). */
const FULL_SWEEP_MS = MINUTE_MS;

/** True unless the record says that the agent is as wished, or that its next try has a time of its own. */
export function isUnsettled({ desired, phase, attempts, retryAt, rest }: AgentSummary, now: number): boolean {
  if (phase === "failed" && attempts >= ATTEMPT_BUDGET) return desired === "deleted";
  if (phase === "failing" && retryAt !== null && retryAt.getTime() > now) return desired === "deleted";
  if (desired === "running") return phase !== "ready" && phase !== restingPhase[rest];
  return desired === "deleted" || phase !== "asleep";
}

const restingPhase: Readonly<Record<string, AgentSummary["phase"]>> = { doze: "dozing", sleep: "asleep" };

/**
 * Mostly who is on the way before who is as wished, and otherwise by chance: were it always the same order, an agent whose
 * look ends the process would keep those behind it waiting for ever. `random`: from 0 to below 1.
 */
export function toSweepOrder<Agent extends AgentSummary>(
  agents: readonly Agent[],
  { now, random }: { now: number; random: () => number },
): Agent[] {
  return agents
    .map((agent) => ({ agent, rank: random() + (isUnsettled(agent, now) ? 0 : SETTLED_RANK) }))
    .toSorted((one, other) => one.rank - other.rank)
    .map(({ agent }) => agent);
}

/** An agent on its way is polled by its own timer; further away than this a timer belongs to an earlier wish. */
const POLLED_WITHIN_MS = LONGEST_BOOT_POLL_MS;

/** Returns one turn of the sweep: hints for whoever is not settled and, each minute and at first, for everybody. */
export function makeAgentSweep({
  db,
  looks,
  clock,
  random,
}: {
  db: Database;
  looks: LookScheduler;
  clock: Clock;
  random: () => number;
}): () => Promise<void> {
  let nextFullMs = 0;
  return async () => {
    const agents = await listAgentSummaries(db);
    const now = clock();
    const isFull = now >= nextFullMs;
    if (isFull) nextFullMs = now + FULL_SWEEP_MS;
    for (const agent of toSweepOrder(agents, { now, random })) {
      const isForgotten = isUnsettled(agent, now) && !looks.isDueWithin(agent.id, POLLED_WITHIN_MS);
      if (isFull || isForgotten) looks.hint(agent.id);
    }
  };
}
