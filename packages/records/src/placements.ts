import { appError } from "@automna/contract/error-catalogue";
import { AppError } from "@automna/core/shared/app-error";
import { chooseNode, type PlacementNode, type PlacementWish } from "@automna/core/placements/choose-node";
import { slotLoad } from "@automna/core/placements/node-load";
import { MINUTE_MS } from "@automna/core/shared/clock";
import type { AgentPhase } from "@automna/core/agents/agent-phase";
import type { Slot } from "@automna/prisma/generated/client";
import type { Database, Transaction } from "./database.ts";
import { listNodes, type NodeRecord } from "./nodes.ts";

export interface SlotPlacement {
  /** Only nodes of this cell are asked. */
  cellId: string;
  wish: PlacementWish;
  /** A freed port rests this long: longer than the longest stale route (design D10), ms. */
  portRestMs: number;
  /** False for a port that a stranger holds; asked only for ports that are nobody's here. */
  canUsePort?: ((host: string, port: number) => Promise<boolean>) | undefined;
  now: Date;
  /** The new slot's id and sealed keys, and what else it is made from. */
  slot: NewSlot;
}

export interface NewSlot {
  id: string;
  volumeMb: number;
  /** Null = the image that its runtime has. */
  image: string | null;
  rootKeyEnvelope: Buffer;
  ingressKeyEnvelope: Buffer;
  /** Without it the agent's apps are not served. */
  appsKeyEnvelope?: Buffer | undefined;
  egressKeyHash: Buffer;
}

/**
 * Reserves memory and a port on the node that core/placements/choose-node chooses, in the caller's transaction. Throws
 * `no_room`; its message says, for operators, why each node refused.
 */
export async function placeSlot(tx: Transaction, placement: SlotPlacement): Promise<Slot> {
  const { cellId, wish } = placement;
  await lockPlacements(tx, cellId);
  const nodes = await listNodes(tx, cellId);
  const candidates = await toPlacementNodes(tx, nodes, placement);
  for (;;) {
    const choice = chooseNode(candidates, wish);
    if (choice.kind === "none") throw noRoom(choice.why);
    const node = nodes.find(({ id }) => id === choice.nodeId);
    const candidate = candidates.find(({ nodeId }) => nodeId === choice.nodeId);
    if (node === undefined || candidate === undefined) throw appError("no_room");
    const port = await choosePort(node, await listTakenPorts(tx, node.id, placement), placement);
    if (port !== null) return createSlot(tx, placement, node, port);
    // Strangers hold what looked free.
    candidate.load.hasFreePort = false;
  }
}

/** One reservation at a time per cell: two never count the same memory, nor read the same free port. */
export async function lockPlacements(tx: Transaction, cellId: string): Promise<void> {
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtext(${`placements:${cellId}`}))::text`;
}

/** What operators read; people get the catalogue's words. */
function noRoom(why: string): AppError {
  return new AppError("no_room", "transient", `no node takes the slot: ${why}`);
}

async function createSlot(
  tx: Transaction,
  { slot, wish, now }: SlotPlacement,
  node: NodeRecord,
  port: number,
): Promise<Slot> {
  const { appsKeyEnvelope, ...rest } = slot;
  return tx.slot.create({
    data: {
      ...rest,
      nodeId: node.id,
      host: node.address,
      port,
      memoryMb: wish.memoryMb,
      workingSetMb: wish.workingSetMb,
      createdAt: now,
      rootKeyEnvelope: Uint8Array.from(slot.rootKeyEnvelope),
      ingressKeyEnvelope: Uint8Array.from(slot.ingressKeyEnvelope),
      egressKeyHash: Uint8Array.from(slot.egressKeyHash),
      ...(appsKeyEnvelope === undefined ? {} : { appsKeyEnvelope: Uint8Array.from(appsKeyEnvelope) }),
    },
  });
}

/** A place among the awake that was reserved for a wake so long ago is not taken any more. */
export const ADMISSION_MS = 2 * MINUTE_MS;

interface LoadRow {
  node_id: string;
  phase: AgentPhase | null;
  working_set_mb: number;
  slots: bigint;
}

/** The cell's nodes and what each carries, as placement sees it. */
export async function listPlacementNodes(
  tx: Database | Transaction,
  { cellId, ...terms }: Pick<SlotPlacement, "cellId" | "now" | "portRestMs">,
): Promise<PlacementNode[]> {
  return toPlacementNodes(tx, await listNodes(tx, cellId), terms);
}

async function toPlacementNodes(
  tx: Database | Transaction,
  nodes: readonly NodeRecord[],
  { now, portRestMs }: Pick<SlotPlacement, "now" | "portRestMs">,
): Promise<PlacementNode[]> {
  const ids = nodes.map(({ id }) => id);
  const loads = await tx.$queryRaw<LoadRow[]>`
    -- A place that a move has left only keeps data.
    SELECT s.node_id,
           CASE WHEN s.kept_for_id IS NOT NULL THEN 'asleep'
                WHEN a.admitted_at > ${new Date(now.getTime() - ADMISSION_MS)} THEN 'starting'
                ELSE a.phase END AS phase,
           s.working_set_mb, count(*) AS slots
    FROM slots s LEFT JOIN agents a ON a.slot_id = s.id
    WHERE s.released_at IS NULL AND s.node_id = ANY(${ids})
    GROUP BY 1, 2, 3`;
  const resting = await tx.slot.groupBy({
    by: ["nodeId"],
    where: { nodeId: { in: ids }, releasedAt: { gt: restingSince(now, portRestMs) } },
    _count: true,
  });
  const restingOf = new Map(resting.map(({ nodeId, _count }) => [nodeId, _count]));
  return nodes.map((node) => {
    const load = { reservedMb: 0, swappedMb: 0, awake: 0, slots: 0, hasFreePort: true };
    for (const row of loads.filter(({ node_id }) => node_id === node.id)) {
      const { reservedMb, swappedMb, isAwake } = slotLoad(row.phase, row.working_set_mb);
      load.reservedMb += reservedMb * Number(row.slots);
      load.swappedMb += swappedMb * Number(row.slots);
      load.awake += isAwake ? Number(row.slots) : 0;
      load.slots += Number(row.slots);
    }
    const ports = node.lastPort - node.firstPort + 1;
    load.hasFreePort = load.slots + (restingOf.get(node.id) ?? 0) < ports;
    return {
      nodeId: node.id,
      name: node.name,
      ownerId: node.ownerId,
      isCordoned: node.cordonedAt !== null,
      isDraining: node.drainingSince !== null,
      isLost: node.lostSince !== null,
      memoryMb: node.memoryMb,
      swapMb: node.swapMb,
      awakeLimit: node.awakeLimit,
      load,
    };
  });
}

async function listTakenPorts(
  tx: Transaction,
  nodeId: string,
  { now, portRestMs }: Pick<SlotPlacement, "now" | "portRestMs">,
): Promise<ReadonlySet<number>> {
  const taken = await tx.slot.findMany({
    where: { nodeId, OR: [{ releasedAt: null }, { releasedAt: { gt: restingSince(now, portRestMs) } }] },
    select: { port: true },
  });
  return new Set(taken.map(({ port }) => port));
}

function restingSince(now: Date, portRestMs: number): Date {
  return new Date(now.getTime() - portRestMs);
}

async function choosePort(
  { address, firstPort, lastPort }: NodeRecord,
  taken: ReadonlySet<number>,
  { canUsePort }: SlotPlacement,
): Promise<number | null> {
  for (let port = firstPort; port <= lastPort; port += 1) {
    if (!taken.has(port) && ((await canUsePort?.(address, port)) ?? true)) return port;
  }
  return null;
}
