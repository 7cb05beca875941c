import type { AgentReason } from "@automna/core/agents/agent-health";
import { FAILURE_WINDOW_MS, keepsFailing, mayBeNodesFault, type CordonReason } from "@automna/core/nodes/node-health";
import type { WarmWish } from "@automna/core/warm-pool/plan-warm-pool";
import { appError } from "@automna/contract/error-catalogue";
import type { Node } from "@automna/prisma/generated/client";
import { appendAudit } from "./audit.ts";
import { transactionLimits, type Database, type Transaction } from "./database.ts";

export type NodeRecord = Node;

/** What a cell says of one of its nodes. */
export interface NodeFacts {
  id: string;
  cellId: string;
  name: string;
  address: string;
  keeperUrl: string | null;
  ports: { first: number; last: number };
  memoryMb: number | null;
  awakeLimit: number | null;
  /** The one customer whose agents it carries; null = shared. */
  ownerId: string | null;
  /** False while its cell does not see it well. */
  isThere: boolean;
}

/** What a provisioner says of its cell; what operators decided about it stays. */
export async function ensureCell(
  db: Database,
  { id, runtime, warmWishes: wishes = [] }: { id: string; runtime: string; warmWishes?: readonly WarmWish[] },
): Promise<void> {
  const said = { runtime, warmWishes: wishes.map((wish) => ({ ...wish })) };
  await db.cell.upsert({ where: { id }, create: { id, ...said }, update: said });
}

/** Records what the cell says of a node; what operators decided about it stays. Answers whether it was lost or is back. */
export async function recordNode(
  db: Database,
  facts: NodeFacts,
  now: Date,
): Promise<{ node: NodeRecord; change: "none" | "lost" | "back" }> {
  const { id, ports, isThere, ...said } = facts;
  return db.$transaction(async (tx) => {
    const before = await tx.node.findUnique({ where: { id } });
    const lostSince = isThere ? null : (before?.lostSince ?? now);
    const seen = { ...said, firstPort: ports.first, lastPort: ports.last, lostSince, seenAt: now };
    const node = await tx.node.upsert({ where: { id }, create: { id, ...seen }, update: seen });
    const wasLost = (before?.lostSince ?? null) !== null;
    return { node, change: wasLost === !isThere ? "none" : isThere ? "back" : "lost" };
  }, transactionLimits);
}

/** Records how much swap a node has, MB. */
export async function recordNodeSwap(
  db: Database,
  { nodeId, swapMb }: { nodeId: string; swapMb: number },
): Promise<void> {
  await db.node.updateMany({ where: { id: nodeId }, data: { swapMb } });
}

/** Nodes of the cell that it no longer lists are lost too. Answers which ones were not before. */
export async function recordMissingNodes(
  db: Database,
  { cellId, listed, now }: { cellId: string; listed: readonly string[]; now: Date },
): Promise<string[]> {
  const missing = await db.node.findMany({
    where: { cellId, lostSince: null, id: { notIn: [...listed] } },
    select: { id: true },
  });
  const ids = missing.map(({ id }) => id);
  await db.node.updateMany({ where: { id: { in: ids }, lostSince: null }, data: { lostSince: now } });
  return ids;
}

/** Every node, or those of one cell, by name. */
export async function listNodes(db: Database | Transaction, cellId?: string): Promise<NodeRecord[]> {
  return db.node.findMany({ ...(cellId === undefined ? {} : { where: { cellId } }), orderBy: { name: "asc" } });
}

export async function findNode(db: Database | Transaction, nodeId: string): Promise<NodeRecord | null> {
  return db.node.findUnique({ where: { id: nodeId } });
}

/** The node that a slot lies on; null = one of them is not known. */
export async function findNodeOfSlot(db: Database, slotId: string): Promise<NodeRecord | null> {
  const slot = await db.slot.findUnique({ where: { id: slotId }, select: { nodeId: true } });
  return slot === null ? null : findNode(db, slot.nodeId);
}

/** Keeps new slots from a node, or lets them come again and forgets its failures. Throws `not_found`. */
export async function setCordon(
  tx: Transaction,
  { nodeId, reason, now }: { nodeId: string; reason: CordonReason | null; now: Date },
): Promise<void> {
  const { count } = await tx.node.updateMany({
    where: { id: nodeId },
    data: { cordonedAt: reason === null ? null : now, cordonReason: reason },
  });
  if (count === 0) throw appError("not_found");
}

/**
 * Remembers that a slot could not run, where that may be its node's fault, and cordons a node that keeps failing.
 * Answers true when it did that now.
 */
export async function recordNodeFailure(
  db: Database,
  { nodeId, slotId, reason, now }: { nodeId: string; slotId: string; reason: AgentReason; now: Date },
): Promise<boolean> {
  if (!mayBeNodesFault(reason)) return false;
  return db.$transaction(async (tx) => {
    // The node's row is the lock: two failures at once are counted one after the other.
    const [node] = await tx.$queryRaw<{ cordoned_at: Date | null }[]>`
      SELECT cordoned_at FROM nodes WHERE id = ${nodeId} FOR UPDATE`;
    if (node === undefined) return false;
    await tx.nodeFailure.upsert({
      where: { nodeId_slotId: { nodeId, slotId } },
      create: { nodeId, slotId, reason, at: now },
      update: { reason, at: now },
    });
    const failures = await tx.nodeFailure.findMany({
      where: { nodeId, at: { gt: new Date(now.getTime() - FAILURE_WINDOW_MS) } },
    });
    const isBad = keepsFailing(
      failures.map(({ slotId, at }) => ({ slotId, atMs: at.getTime() })),
      now.getTime(),
    );
    if (!isBad || node.cordoned_at !== null) return false;
    await setCordon(tx, { nodeId, reason: "keeps_failing", now });
    await appendAudit(tx, { userId: null, action: "node.cordoned", subject: nodeId, data: { why: "keeps_failing" } });
    return true;
  }, transactionLimits);
}

/** A slot came up there: whatever was wrong with the node is over. */
export async function forgetNodeFailures(db: Database, nodeId: string): Promise<void> {
  await db.nodeFailure.deleteMany({ where: { nodeId } });
}
