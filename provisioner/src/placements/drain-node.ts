import type { Clock } from "@automna/core/shared/clock";
import { isAppError } from "@automna/core/shared/app-error";
import { planDrain } from "@automna/core/placements/plan-drain";
import { requestMove } from "@automna/records/agent-moves";
import { transactionLimits, type Database } from "@automna/records/database";
import { endDrain, listDrainedAgents, listRunningDrains, type DrainRecord } from "@automna/records/drains";
import { assertLease, type Lease } from "@automna/records/leases";
import type { Logger } from "@automna/service-kit/log";
import { holdLease, type LeaseTerms } from "../agents/hold-lease.ts";

export interface DrainDeps {
  db: Database;
  lease: LeaseTerms;
  cellId: string;
  /** An agent is wished elsewhere. */
  hint: (agentId: string) => void;
  clock: Clock;
  log: Logger;
}

/**
 * Returns one turn, by whoever holds the lease: of each drain the next agents are wished elsewhere, as many as may be on
 * their way at once, and one that has left nothing behind ends. All it knows is in the database, so any turn may be the last.
 */
export function makeDrainRun(deps: DrainDeps): (signal: AbortSignal) => Promise<void> {
  return async (signal) => {
    await holdLease(deps.lease, `drains:${deps.cellId}`, signal, async (lease, working) => {
      for (const drain of await listRunningDrains(deps.db, deps.cellId)) {
        working.throwIfAborted();
        await drainOnce(deps, drain, lease);
      }
    });
  };
}

async function drainOnce(deps: DrainDeps, drain: DrainRecord, lease: Lease): Promise<void> {
  const { db, clock, log } = deps;
  const now = clock();
  const plan = planDrain(await listDrainedAgents(db, drain), drain.concurrency, now);
  for (const agentId of plan.move) await beginMove(deps, { agentId, lease, now: new Date(now) });
  if (!plan.isDone) return;
  await endDrain(db, { lease, drainId: drain.id, now: new Date(now) });
  log.warn({ nodeId: drain.nodeId, drainId: drain.id, moved: drain.total }, "a node is empty");
}

/** Who can't set out any more by now is looked at again in the next turn. */
async function beginMove(
  { db, hint, log }: DrainDeps,
  { agentId, lease, now }: { agentId: string; lease: Lease; now: Date },
): Promise<void> {
  try {
    await db.$transaction(async (tx) => {
      await assertLease(tx, lease);
      await requestMove(tx, { agentId, nodeId: null, now });
    }, transactionLimits);
    hint(agentId);
  } catch (error) {
    if (!isAppError(error, "agent_not_movable") && !isAppError(error, "agent_not_found")) throw error;
    log.info({ agentId, code: error.code }, "an agent can't leave its node yet");
  }
}
