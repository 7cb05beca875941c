import type { AgentReason } from "@automna/core/agents/agent-health";
import { hasRoomFor, type PlacementWish } from "@automna/core/placements/choose-node";
import type { WakeInput } from "@automna/core/placements/choose-wake";
import { slotLoad } from "@automna/core/placements/node-load";
import { requestMove } from "./agent-moves.ts";
import { appendAgentEvent, lockAgent, type AgentRecord } from "./agents.ts";
import { transactionLimits, type Database, type Transaction } from "./database.ts";
import { assertLease, type Lease } from "./leases.ts";
import { appError } from "@automna/contract/error-catalogue";
import { ADMISSION_MS, listPlacementNodes, lockPlacements } from "./placements.ts";
import type { SlotRecord } from "./slots.ts";

// Agents that rest take little of their node; what they take when they get up is asked for first. The same count decides
// as for a new slot, under the same lock.

export interface WakingAgent {
  agent: AgentRecord;
  slot: Pick<SlotRecord, "id" | "nodeId" | "workingSetMb">;
  cellId: string;
  wish: PlacementWish;
  portRestMs: number;
  now: Date;
}

interface NeighbourRow {
  id: string;
  working_set_mb: number;
  active_at: Date;
  rest: string;
  is_resting: boolean;
}

/** What decides about a wake; null = the agent's place is reserved, or nobody counts on its node. */
export async function readWake(db: Database | Transaction, waking: WakingAgent): Promise<WakeInput | null> {
  const { agent, slot, cellId, portRestMs, now } = waking;
  if (isAdmitted(agent, now)) return null;
  const row = await db.node.findUnique({ where: { id: slot.nodeId }, select: { memoryMb: true, awakeLimit: true } });
  if (row === null || (row.memoryMb === null && row.awakeLimit === null)) return null;
  const nodes = await listPlacementNodes(db, { cellId, now, portRestMs });
  const node = nodes.find(({ nodeId }) => nodeId === slot.nodeId);
  if (node === undefined) return null;
  // Whoever has not been seen at the proxy is idle since it became ready.
  const rows = await db.$queryRaw<NeighbourRow[]>`
    SELECT a.id, s.working_set_mb, greatest(coalesce(y.active_at, a.phase_since), a.phase_since) AS active_at,
           a.rest, a.rest <> 'awake' AND a.rest_wakes = coalesce(y.wakes, 0) AS is_resting
    FROM agents a JOIN slots s ON s.id = a.slot_id LEFT JOIN agent_activity y ON y.agent_id = a.id
    WHERE s.node_id = ${slot.nodeId} AND a.id <> ${agent.id} AND a.phase = 'ready' AND a.desired = 'running'
      AND a.move_wished_at IS NULL AND (a.wished_image IS NULL OR a.wished_image = s.image)`;
  const neighbours = rows.map(({ id, working_set_mb: workingSetMb, active_at, is_resting }) => ({
    agentId: id,
    workingSetMb,
    activeAtMs: active_at.getTime(),
    isSettling: is_resting,
  }));
  const own = slotLoad(agent.phase, slot.workingSetMb);
  const load = {
    ...node.load,
    reservedMb: node.load.reservedMb - own.reservedMb,
    swappedMb: node.load.swappedMb - own.swappedMb,
  };
  return {
    node: { ...node, load },
    others: nodes.filter(({ nodeId }) => nodeId !== slot.nodeId),
    wish: { ...waking.wish, workingSetMb: slot.workingSetMb },
    neighbours: neighbours.filter(({ isSettling }) => !isSettling),
    settling: neighbours.filter(({ isSettling }) => isSettling),
    now: now.getTime(),
  };
}

/** Its place among the awake is reserved and the time for getting up is not over. */
function isAdmitted({ admittedAt }: Pick<AgentRecord, "admittedAt">, now: Date): boolean {
  return admittedAt !== null && now.getTime() - admittedAt.getTime() < ADMISSION_MS;
}

/** Reserves the agent's place among those that are awake on its node. Throws `no_room` when somebody was faster. */
export async function admitWake(db: Database, { lease, ...waking }: WakingAgent & { lease: Lease }): Promise<void> {
  await db.$transaction(async (tx) => {
    await assertLease(tx, lease);
    await lockPlacements(tx, waking.cellId);
    const agent = await lockAgent(tx, waking.agent.id);
    const input = await readWake(tx, { ...waking, agent });
    if (input !== null && !hasRoomFor(input.node, input.wish)) throw appError("no_room");
    const reason = agent.reason === "waiting_for_room" ? "resting" : agent.reason;
    await tx.agent.update({ where: { id: agent.id }, data: { admittedAt: waking.now, reason } });
  }, transactionLimits);
}

/**
 * Has a neighbour doze for the agent's sake, unless somebody has asked for it, or for something else of it, since it was
 * chosen: then nothing happens, and the choice is made anew.
 */
export async function dozeNeighbour(
  db: Database,
  { lease, agentId, chosenAt, now }: { lease: Lease; agentId: string; chosenAt: Date; now: Date },
): Promise<void> {
  await db.$transaction(async (tx) => {
    await assertLease(tx, lease);
    const agent = await lockAgent(tx, agentId);
    const activity = await tx.agentActivity.findUnique({ where: { agentId } });
    const isNeeded = activity !== null && activity.activeAt > chosenAt;
    if (agent.phase !== "ready" || agent.desired !== "running" || agent.moveWishedAt !== null || isNeeded) return;
    const rest = { rest: "doze", restSince: now, restWakes: activity?.wakes ?? 0 } as const;
    const changed = await tx.agent.update({ where: { id: agentId }, data: rest });
    await appendAgentEvent(tx, changed, "agent.may_doze", { why: "room_needed" });
  }, transactionLimits);
}

/** Wishes the agent elsewhere because its node has no room for it. Throws `agent_not_movable`. */
export async function moveForRoom(
  db: Database,
  { lease, agentId, now }: { lease: Lease; agentId: string; now: Date },
): Promise<void> {
  await db.$transaction(async (tx) => {
    await assertLease(tx, lease);
    await requestMove(tx, { agentId, nodeId: null, now });
    await tx.agent.update({ where: { id: agentId }, data: { reason: "moving_for_room" } });
  }, transactionLimits);
}

/** Tells watchers why nothing happens yet; the phase stays. The same again says nothing more (S10). */
export async function tellReason(
  db: Database,
  { lease, agentId, reason }: { lease: Lease; agentId: string; reason: AgentReason },
): Promise<void> {
  await db.$transaction(async (tx) => {
    await assertLease(tx, lease);
    const agent = await lockAgent(tx, agentId);
    if (agent.reason === reason) return;
    const changed = await tx.agent.update({ where: { id: agentId }, data: { reason } });
    await appendAgentEvent(tx, changed, `agent.${reason}`, {});
  }, transactionLimits);
}
