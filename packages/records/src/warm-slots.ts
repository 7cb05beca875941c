import { appError } from "@automna/contract/error-catalogue";
import type { WarmNode } from "@automna/core/warm-pool/plan-warm-pool";
import { tiersOfSize, warmStates, type WarmSlot, type WarmState } from "@automna/core/warm-pool/warm-slot";
import type { Tier } from "@automna/core/tiers/catalogue";
import { Prisma, type Slot } from "@automna/prisma/generated/client";
import { toTier } from "./agents.ts";
import { transactionLimits, type Database, type Transaction } from "./database.ts";
import { assertLease, type Lease } from "./leases.ts";
import { listPlacementNodes, lockPlacements, placeSlot, type SlotPlacement } from "./placements.ts";

// Slots that are nobody's. The records decide whose a slot is: it is given away, or retired, by one statement that names
// the state it must be in, so that whoever comes second finds that out.

export interface WarmRecord {
  slot: Slot;
  warm: WarmSlot;
}

/** The cell's warm slots, the oldest first. */
export async function listWarmSlots(db: Database, cellId: string): Promise<WarmRecord[]> {
  const nodes = await db.node.findMany({ where: { cellId }, select: { id: true } });
  const slots = await db.slot.findMany({
    where: { nodeId: { in: nodes.map(({ id }) => id) }, releasedAt: null, warmState: { not: null } },
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
  });
  return slots.flatMap((slot) => {
    const tier = toTier(slot.warmTier);
    const state = warmStates.find((known) => known === slot.warmState);
    if (tier === null || state === undefined) return [];
    const { id: slotId, nodeId, image, warmSince, createdAt, startedGeneration } = slot;
    const sinceMs = (warmSince ?? createdAt).getTime();
    const warm = { slotId, nodeId, tier, image: image ?? "", state, sinceMs, hasStarted: startedGeneration !== null };
    return [{ slot, warm }];
  });
}

export interface WarmSurroundings {
  isPaused: boolean;
  nodes: Omit<WarmNode, "failedAtMs">[];
  unplaced: number;
  withoutRoom: number;
}

interface UnderWayRow {
  node_id: string | null;
  under_way: bigint;
  without_room: bigint;
}

/** What decides about refills besides the slots themselves. */
export async function readWarmSurroundings(
  db: Database,
  { cellId, now, portRestMs }: { cellId: string; now: Date; portRestMs: number },
): Promise<WarmSurroundings> {
  return db.$transaction(async (tx) => {
    const cell = await tx.cell.findUnique({ where: { id: cellId } });
    const nodes = await listPlacementNodes(tx, { cellId, now, portRestMs });
    // Whoever is being moved counts on both of its nodes.
    const rows = await tx.$queryRaw<UnderWayRow[]>`
      SELECT s.node_id,
             count(*) FILTER (WHERE a.phase <> 'failing') AS under_way,
             count(*) FILTER (WHERE a.phase = 'failing' AND a.reason = 'no_room') AS without_room
      FROM agents a LEFT JOIN slots s ON s.id = a.slot_id OR s.id = a.next_slot_id
      WHERE a.desired = 'running'
        AND a.phase IN ('requested', 'placing', 'creating', 'starting', 'moving', 'upgrading', 'failing')
      GROUP BY 1`;
    const underWayOf = new Map(rows.map(({ node_id, under_way }) => [node_id, Number(under_way)]));
    return {
      isPaused: (cell?.warmPausedAt ?? null) !== null,
      nodes: nodes.map((node) => ({ ...node, underWay: underWayOf.get(node.nodeId) ?? 0 })),
      unplaced: underWayOf.get(null) ?? 0,
      withoutRoom: rows.reduce((sum, { without_room }) => sum + Number(without_room), 0),
    };
  }, transactionLimits);
}

/** Reserves a place for a slot that is nobody's. Throws `no_room`. */
export async function reserveWarmSlot(
  db: Database,
  { lease, tier, ...placement }: SlotPlacement & { lease: Lease; tier: Tier },
): Promise<Slot> {
  return db.$transaction(async (tx) => {
    await assertLease(tx, lease);
    const { id } = await placeSlot(tx, placement);
    const data = { warmState: "making", warmTier: tier, warmSince: placement.now } as const;
    return tx.slot.update({ where: { id }, data });
  }, transactionLimits);
}

/** Moves a warm slot to another state. False = it is not in `from` (any more): somebody has it, or it goes already. */
export async function setWarmState(
  db: Database,
  change: { lease: Lease; slotId: string; from: readonly WarmState[]; to: WarmState; now: Date },
): Promise<boolean> {
  const { lease, slotId, from, to, now } = change;
  return db.$transaction(async (tx) => {
    await assertLease(tx, lease);
    const { count } = await tx.slot.updateMany({
      where: { id: slotId, warmState: { in: [...from] }, releasedAt: null },
      data: { warmState: to, warmSince: now },
    });
    return count === 1;
  }, transactionLimits);
}

/** What an agent wants of a warm slot. */
export interface WarmFit {
  cellId: string;
  image: string;
  tier: Tier;
  /** Generation of the agent, which the slot then counts as started for. */
  generation: number;
}

/**
 * Takes a warm slot that fits out of the pool, in the caller's transaction, which gives it to an agent; null = none does.
 * From the statement on it is nobody else's. Nodes that take no new slots give none away.
 */
export async function takeWarmSlot(tx: Transaction, fit: WarmFit): Promise<Slot | null> {
  const { cellId, image, tier, generation } = fit;
  await lockPlacements(tx, cellId);
  const [found] = await tx.$queryRaw<{ id: string }[]>`
    UPDATE slots SET warm_state = NULL, warm_tier = NULL, warm_since = NULL, started_generation = ${generation}
    WHERE warm_state = 'ready' AND id = (
      SELECT s.id FROM slots s JOIN nodes n ON n.id = s.node_id
      WHERE n.cell_id = ${cellId} AND n.owner_id IS NULL
        AND n.cordoned_at IS NULL AND n.draining_since IS NULL AND n.lost_since IS NULL
        AND s.warm_state = 'ready' AND s.released_at IS NULL
        AND s.image = ${image} AND s.warm_tier IN (${Prisma.join(tiersOfSize(tier))})
      ORDER BY s.warm_since, s.id
      LIMIT 1
      FOR UPDATE OF s)
    RETURNING id`;
  return found === undefined ? null : tx.slot.findUniqueOrThrow({ where: { id: found.id } });
}

/** Keeps the cell from making warm slots, or lets it go on. Throws `cell_not_found`. */
export async function setWarmPause(
  tx: Transaction,
  { cellId, pausedAt }: { cellId: string; pausedAt: Date | null },
): Promise<void> {
  const { count } = await tx.cell.updateMany({ where: { id: cellId }, data: { warmPausedAt: pausedAt } });
  if (count === 0) throw appError("cell_not_found");
}
