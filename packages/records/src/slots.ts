import type { Slot } from "@automna/prisma/generated/client";
import { appendAgentEvent, lockAgent, type AgentRecord } from "./agents.ts";
import { transactionLimits, type Database } from "./database.ts";
import { assertLease, type Lease } from "./leases.ts";
import { placeSlot, type SlotPlacement } from "./placements.ts";
import { takeWarmSlot, type WarmFit } from "./warm-slots.ts";

export type SlotRecord = Slot;

/** The slot that belongs to the agent, or null. */
export async function findSlotOfAgent(db: Database, agentId: string): Promise<SlotRecord | null> {
  const agent = await db.agent.findUnique({ where: { id: agentId }, include: { slot: true } });
  return agent?.slot ?? null;
}

/** Every slot that is the agent's. */
export interface AgentPlaces {
  slot: SlotRecord | null;
  /** The place that a move goes to; null = none is under way. */
  next: SlotRecord | null;
  /** Places that the agent has left, with its data, the first to go first. */
  kept: readonly SlotRecord[];
}

/** All places of an agent as its record names them: one question, for it is asked at every look. */
export async function findPlaces(
  db: Database,
  { id, slotId, nextSlotId }: Pick<AgentRecord, "id" | "slotId" | "nextSlotId">,
): Promise<AgentPlaces> {
  const named = [slotId, nextSlotId].filter((place) => place !== null);
  const places = await db.slot.findMany({
    where: { OR: [{ id: { in: named } }, { keptForId: id, releasedAt: null }] },
    orderBy: { keptUntil: "asc" },
  });
  const byId = (place: string | null) => places.find((slot) => slot.id === place) ?? null;
  const isKept = ({ keptForId, releasedAt }: SlotRecord) => keptForId === id && releasedAt === null;
  return { slot: byId(slotId), next: byId(nextSlotId), kept: places.filter(isKept) };
}

const ownerFields = { select: { id: true, phase: true } } as const;

/**
 * Slots of a cell's nodes that have not been released, with the id of the agent that has it, moves to it, or keeps its
 * data there. Warm ones are left out: nobody has them, and that is as it should be.
 */
export async function listLiveSlots(
  db: Database,
  cellId: string,
): Promise<(SlotRecord & { agentId: string | null })[]> {
  const nodes = await db.node.findMany({ where: { cellId }, select: { id: true } });
  const rows = await db.slot.findMany({
    where: { nodeId: { in: nodes.map(({ id }) => id) }, releasedAt: null, warmState: null },
    include: { agent: ownerFields, nextOf: ownerFields, keptFor: ownerFields },
  });
  return rows.map(({ agent, nextOf, keptFor, ...slot }) => {
    const owner = [agent, nextOf, keptFor].find((candidate) => candidate !== null && candidate.phase !== "deleted");
    return { ...slot, agentId: owner?.id ?? null };
  });
}

/** The agent that has the slot now, or moves to it; null = none. */
export async function findAgentIdOfSlot(db: Database, slotId: string): Promise<string | null> {
  const agent = await db.agent.findFirst({
    where: { OR: [{ slotId }, { nextSlotId: slotId }] },
    select: { id: true },
  });
  return agent?.id ?? null;
}

/** Agents whose slot lies on the node. */
export async function listAgentIdsOnNode(db: Database, nodeId: string): Promise<string[]> {
  const agents = await db.agent.findMany({ where: { slot: { nodeId } }, select: { id: true } });
  return agents.map(({ id }) => id);
}

export interface SlotReservation extends SlotPlacement {
  lease: Lease;
  agentId: string;
}

/**
 * Gives the agent a slot: a warm one where one fits, else a new one on a node that has room for it. An agent that has one
 * keeps it (S10). Throws `no_room`.
 */
export async function reserveSlot(
  db: Database,
  { lease, agentId, warmFit = null, ...placement }: SlotReservation & { warmFit?: WarmFit | null },
): Promise<SlotRecord> {
  return db.$transaction(async (tx) => {
    await assertLease(tx, lease);
    const agent = await lockAgent(tx, agentId);
    if (agent.slotId !== null) return tx.slot.findUniqueOrThrow({ where: { id: agent.slotId } });
    const warm = warmFit === null ? null : await takeWarmSlot(tx, warmFit);
    const slot = warm ?? (await placeSlot(tx, placement));
    const changed = await tx.agent.update({ where: { id: agent.id }, data: { slotId: slot.id } });
    if (warm !== null) await appendAgentEvent(tx, changed, "agent.warm_slot_given", { slotId: slot.id });
    return slot;
  }, transactionLimits);
}

/** Remembers which generation of the agent the slot is started for, before it is started. */
export async function markSlotStarted(db: Database, lease: Lease, slotId: string, generation: number): Promise<void> {
  await db.$transaction(async (tx) => {
    await assertLease(tx, lease);
    await tx.slot.update({ where: { id: slotId }, data: { startedGeneration: generation } });
  }, transactionLimits);
}

/** Remembers the limit that a slot has by now. */
export async function markSlotResized(db: Database, lease: Lease, slotId: string, memoryMb: number): Promise<void> {
  await db.$transaction(async (tx) => {
    await assertLease(tx, lease);
    await tx.slot.update({ where: { id: slotId }, data: { memoryMb } });
  }, transactionLimits);
}

/** Gives a slot that was made before there was an apps listener what that needs. */
export async function storeAppsKey(db: Database, lease: Lease, slotId: string, envelope: Buffer): Promise<void> {
  await db.$transaction(async (tx) => {
    await assertLease(tx, lease);
    await tx.slot.update({ where: { id: slotId }, data: { appsKeyEnvelope: Uint8Array.from(envelope) } });
  }, transactionLimits);
}

/** Takes the slot from its agent and lets the port rest; called when nothing of it is left on the node. */
export async function releaseSlot(db: Database, lease: Lease, slotId: string, now: Date): Promise<void> {
  await db.$transaction(async (tx) => {
    await assertLease(tx, lease);
    await tx.agent.updateMany({ where: { slotId }, data: { slotId: null } });
    await tx.agent.updateMany({ where: { nextSlotId: slotId }, data: { nextSlotId: null } });
    await tx.slot.update({ where: { id: slotId }, data: { releasedAt: now } });
  }, transactionLimits);
}
