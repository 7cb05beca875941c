import type { CellList, DrainView, NodeView } from "@automna/contract/admin-cells";
import { slotLoad, takenMb } from "@automna/core/placements/node-load";
import { planDrain } from "@automna/core/placements/plan-drain";
import type { AgentPhase } from "@automna/core/agents/agent-phase";
import type { CordonReason } from "@automna/core/nodes/node-health";
import type { Database } from "@automna/records/database";
import { listDrainedAgents, type DrainRecord } from "@automna/records/drains";
import { listNodes, type NodeRecord } from "@automna/records/nodes";
import { readWaiting, toWarmPoolView } from "./read-waiting.ts";

interface LoadRow {
  node_id: string;
  phase: AgentPhase | null;
  working_set_mb: number;
  slots: bigint;
}

/** Every cell with its nodes and what they carry: a fixed number of queries, and one for each drain that runs. */
export async function readCells(db: Database, now: number): Promise<CellList> {
  const [cells, nodes] = await Promise.all([db.cell.findMany({ orderBy: { id: "asc" } }), listNodes(db)]);
  const views = await toNodeViews(db, nodes, now);
  return {
    cells: cells.map((cell) => ({
      id: cell.id,
      runtime: cell.runtime,
      warmPool: toWarmPoolView(cell),
      nodes: views.filter(({ cellId }) => cellId === cell.id),
    })),
  };
}

export async function toNodeViews(db: Database, nodes: readonly NodeRecord[], now: number): Promise<NodeView[]> {
  const ids = nodes.map(({ id }) => id);
  const [loads, failures, drains, waitingAt] = await Promise.all([
    db.$queryRaw<LoadRow[]>`
      -- A place that a move has left only keeps data.
      SELECT s.node_id, CASE WHEN s.kept_for_id IS NULL THEN a.phase::text ELSE 'asleep' END AS phase, s.working_set_mb,
             count(*) AS slots
      FROM slots s LEFT JOIN agents a ON a.slot_id = s.id
      WHERE s.released_at IS NULL AND s.node_id = ANY(${ids})
      GROUP BY 1, 2, 3`,
    db.nodeFailure.groupBy({ by: ["nodeId"], where: { nodeId: { in: ids } }, _count: true }),
    db.nodeDrain.findMany({
      where: { nodeId: { in: ids } },
      distinct: ["nodeId"],
      orderBy: [{ nodeId: "asc" }, { createdAt: "desc" }],
    }),
    readWaiting(db, ids, now),
  ]);
  return Promise.all(
    nodes.map(async (node) => {
      const drain = drains.find(({ nodeId }) => nodeId === node.id);
      return {
        ...toFacts(node),
        load: toLoad(
          node,
          loads.filter(({ node_id }) => node_id === node.id),
        ),
        ...waitingAt(node.id),
        failures: failures.find(({ nodeId }) => nodeId === node.id)?._count ?? 0,
        drain: drain === undefined ? null : await toDrainView(db, drain, now),
      };
    }),
  );
}

function toFacts(node: NodeRecord): Omit<NodeView, "load" | "failures" | "drain" | "warm" | "gate"> {
  const { cordonedAt, cordonReason, drainingSince, lostSince, seenAt } = node;
  return {
    id: node.id,
    cellId: node.cellId,
    name: node.name,
    address: node.address,
    ownerId: node.ownerId,
    memoryMb: node.memoryMb,
    swapMb: node.swapMb,
    awakeLimit: node.awakeLimit,
    // Written by setCordon alone.
    cordon:
      cordonedAt === null
        ? null
        : { reason: (cordonReason ?? "operator") as CordonReason, sinceMs: cordonedAt.getTime() },
    drainingSinceMs: drainingSince?.getTime() ?? null,
    lostSinceMs: lostSince?.getTime() ?? null,
    seenAtMs: seenAt.getTime(),
  };
}

function toLoad({ firstPort, lastPort, swapMb }: NodeRecord, rows: readonly LoadRow[]): NodeView["load"] {
  const ports = lastPort - firstPort + 1;
  const load = { reservedMb: 0, awake: 0, slots: 0, ports, portsLeft: ports };
  let swappedMb = 0;
  for (const { phase, working_set_mb: workingSetMb, slots } of rows) {
    const { isAwake, ...taken } = slotLoad(phase, workingSetMb);
    const count = Number(slots);
    load.reservedMb += taken.reservedMb * count;
    swappedMb += taken.swappedMb * count;
    load.awake += isAwake ? count : 0;
    load.slots += count;
    load.portsLeft -= count;
  }
  return { ...load, reservedMb: takenMb({ reservedMb: load.reservedMb, swappedMb }, swapMb) };
}

async function toDrainView(db: Database, drain: DrainRecord, now: number): Promise<DrainView> {
  const { id, state, concurrency, total, createdAt, endedAt } = drain;
  const progress =
    state === "running"
      ? planDrain(await listDrainedAgents(db, drain), concurrency, now).progress
      : { left: 0, moving: 0, stuck: 0 };
  return {
    id,
    state,
    concurrency,
    ...progress,
    // Agents that were put there in the moment in which it began count too.
    total: Math.max(total, progress.left),
    createdAtMs: createdAt.getTime(),
    endedAtMs: endedAt?.getTime() ?? null,
  };
}
