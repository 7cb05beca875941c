import { SECOND_MS, type Clock } from "@automna/core/shared/clock";
import type { Database } from "@automna/records/database";
import type { Lease } from "@automna/records/leases";
import { listLiveSlots, listSlots, releaseSlot, type SlotRecord } from "@automna/records/slots";
import type { Logger } from "@automna/service-kit/log";
import type { AgentRuntime } from "../agents/agent-runtime.ts";
import { holdLease, type LeaseTerms } from "../agents/hold-lease.ts";

/** Time to notice a mistake, and for a slower provisioner to finish what it is doing. */
export const ORPHAN_GRACE_MS = 60 * SECOND_MS;

export interface OrphanSweepDeps {
  db: Database;
  runtime: AgentRuntime;
  lease: LeaseTerms;
  cellId: string;
  clock: Clock;
  log: Logger;
}

export interface Orphans {
  /** Left on the node although their record was released. */
  released: string[];
  /** Recorded, and no agent has them. */
  unowned: string[];
  /** On the node with our mark, and never recorded in this database: another database's, not ours to remove. */
  foreign: string[];
}

/**
 * What has no owner. Pure. A slot is recorded before it is made and its record is never removed, so that `recorded`,
 * read after `owned`, knows every slot that this database has ever made.
 */
export function findOrphans(
  owned: readonly string[],
  recorded: readonly Pick<SlotRecord, "id" | "releasedAt">[],
  live: readonly { id: string; agentId: string | null }[],
): Orphans {
  const records = new Map(recorded.map((slot) => [slot.id, slot]));
  return {
    released: owned.filter((slotId) => (records.get(slotId)?.releasedAt ?? null) !== null),
    unowned: live.filter((slot) => slot.agentId === null).map((slot) => slot.id),
    foreign: owned.filter((slotId) => !records.has(slotId)),
  };
}

/** Returns one turn of the sweep. An orphan goes once it has been one for the grace period, looked at each turn (S17). */
export function makeOrphanSweep(deps: OrphanSweepDeps): (signal: AbortSignal) => Promise<void> {
  const { db, runtime, cellId, clock, log } = deps;
  let orphanSince = new Map<string, number>();
  const reported = new Set<string>();
  const remove = async (slotId: string, lease: Lease, signal: AbortSignal) => {
    const call = { signal, fencing: lease.fencing };
    await runtime.stop(slotId, call);
    await runtime.delete(slotId, call);
  };
  return async (signal) => {
    const owned = await runtime.listOwned(signal);
    const orphans = findOrphans(owned, await listSlots(db, owned), await listLiveSlots(db, cellId));
    const now = clock();
    for (const slotId of orphans.foreign) {
      if (!reported.has(slotId)) log.warn({ slotId }, "a slot of this cell is not in the database; it is left alone");
      reported.add(slotId);
    }
    const all = [...orphans.released, ...orphans.unowned];
    orphanSince = new Map(all.map((slotId) => [slotId, orphanSince.get(slotId) ?? now]));
    const isDue = (slotId: string) => now - (orphanSince.get(slotId) ?? now) >= ORPHAN_GRACE_MS;
    if (!all.some(isDue)) return;
    await holdLease(deps.lease, `orphans:${cellId}`, signal, async (lease, working) => {
      for (const slotId of orphans.released.filter(isDue)) {
        log.warn({ slotId }, "removing a slot that nobody owns");
        await remove(slotId, lease, working);
      }
      for (const slotId of orphans.unowned.filter(isDue)) {
        log.warn({ slotId }, "releasing a slot whose agent is gone");
        await remove(slotId, lease, working);
        await releaseSlot(db, lease, slotId, new Date(clock()));
      }
    });
  };
}
