import type { DrainedAgent } from "@automna/core/placements/plan-drain";
import type { NodeDrain } from "@automna/prisma/generated/client";
import { transactionLimits, type Database, type Transaction } from "./database.ts";
import { assertLease, type Lease } from "./leases.ts";

export type DrainRecord = NodeDrain;

/** Begins to empty a node, or changes how fast; it is cordoned with it. Answers the drain that runs (S10). */
export async function beginDrain(
  tx: Transaction,
  wish: { id: string; nodeId: string; concurrency: number; createdBy: string; now: Date },
): Promise<DrainRecord> {
  const { id, nodeId, concurrency, createdBy, now } = wish;
  // The node's row is the lock: two drains at once are one.
  await tx.$queryRaw`SELECT id FROM nodes WHERE id = ${nodeId} FOR UPDATE`;
  await tx.node.updateMany({ where: { id: nodeId, drainingSince: null }, data: { drainingSince: now } });
  await tx.node.updateMany({
    where: { id: nodeId, cordonedAt: null },
    data: { cordonedAt: now, cordonReason: "operator" },
  });
  const running = await tx.nodeDrain.findFirst({ where: { nodeId, state: "running" } });
  if (running !== null) return tx.nodeDrain.update({ where: { id: running.id }, data: { concurrency } });
  const total = await tx.agent.count({ where: { slot: { nodeId, releasedAt: null } } });
  return tx.nodeDrain.create({ data: { id, nodeId, concurrency, total, createdBy, createdAt: now } });
}

/** Moves that have begun end; nothing more is begun. The node stays cordoned until somebody says otherwise. */
export async function cancelDrain(tx: Transaction, nodeId: string, now: Date): Promise<void> {
  await tx.node.updateMany({ where: { id: nodeId }, data: { drainingSince: null } });
  await tx.nodeDrain.updateMany({ where: { nodeId, state: "running" }, data: { state: "cancelled", endedAt: now } });
}

/** Drains under way on the cell's nodes. */
export async function listRunningDrains(db: Database, cellId: string): Promise<DrainRecord[]> {
  return db.nodeDrain.findMany({ where: { state: "running", node: { cellId } }, orderBy: { createdAt: "asc" } });
}

/** The node is empty. It stays cordoned, so that nothing comes back before somebody says so. */
export async function endDrain(
  db: Database,
  { lease, drainId, now }: { lease: Lease; drainId: string; now: Date },
): Promise<void> {
  await db.$transaction(async (tx) => {
    await assertLease(tx, lease);
    const ended = await tx.nodeDrain.updateManyAndReturn({
      where: { id: drainId, state: "running" },
      data: { state: "done", endedAt: now },
    });
    for (const { nodeId } of ended) await tx.node.update({ where: { id: nodeId }, data: { drainingSince: null } });
  }, transactionLimits);
}

/** Agents with their present place on the node, and when a move of theirs was last given up in this drain. */
const MOVE_GIVEN_UP = "agent.move_abandoned";
export async function listDrainedAgents(db: Database, { nodeId, createdAt }: DrainRecord): Promise<DrainedAgent[]> {
  const agents = await db.agent.findMany({
    where: { slot: { nodeId, releasedAt: null } },
    orderBy: { id: "asc" },
    select: {
      id: true,
      phase: true,
      moveWishedAt: true,
      events: {
        where: { type: MOVE_GIVEN_UP, at: { gte: createdAt } },
        orderBy: { id: "desc" },
        take: 1,
        select: { at: true },
      },
    },
  });
  return agents.map(({ id, phase, moveWishedAt, events }) => ({
    agentId: id,
    phase,
    isMoveWished: moveWishedAt !== null,
    gaveUpAtMs: events[0]?.at.getTime() ?? null,
  }));
}
