import { appError } from "@automna/contract/error-catalogue";
import type { Slot } from "@automna/prisma/generated/client";
import { lockAgent } from "./agents.ts";
import { transactionLimits, type Database } from "./database.ts";
import { assertLease, type Lease } from "./leases.ts";

export type SlotRecord = Slot;

/** The slot that belongs to the agent, or null. */
export async function findSlotOfAgent(db: Database, agentId: string): Promise<SlotRecord | null> {
  const agent = await db.agent.findUnique({ where: { id: agentId }, include: { slot: true } });
  return agent?.slot ?? null;
}

/** Slots that have not been released, each with the id of the agent that has it. */
export async function listLiveSlots(
  db: Database,
  nodeId: string,
): Promise<(SlotRecord & { agentId: string | null })[]> {
  const rows = await db.slot.findMany({
    where: { nodeId, releasedAt: null },
    include: { agent: { select: { id: true, phase: true } } },
  });
  return rows.map(({ agent, ...slot }) => ({
    ...slot,
    agentId: agent === null || agent.phase === "deleted" ? null : agent.id,
  }));
}

/** The agent that has the slot now, or null. */
export async function findAgentIdOfSlot(db: Database, slotId: string): Promise<string | null> {
  const agent = await db.agent.findUnique({ where: { slotId }, select: { id: true } });
  return agent?.id ?? null;
}

export interface SlotReservation {
  lease: Lease;
  agentId: string;
  nodeId: string;
  host: string;
  ports: { first: number; last: number };
  /** A freed port rests this long: longer than the longest stale route (design D10), ms. */
  portRestMs: number;
  /** False for a port that a stranger holds; asked only for ports that are nobody's here. */
  canUsePort?: (port: number) => Promise<boolean>;
  now: Date;
  /** The new slot's id and sealed keys. */
  slot: {
    id: string;
    rootKeyEnvelope: Buffer;
    ingressKeyEnvelope: Buffer;
    /** Without it the agent's apps are not served. */
    appsKeyEnvelope?: Buffer | undefined;
    egressKeyHash: Buffer;
  };
}

/**
 * Gives the agent a slot with a port that nobody has or had lately. An agent that has one keeps it (S10).
 * Throws `no_room` when every port of the node is taken or rests.
 */
export async function reserveSlot(db: Database, wish: SlotReservation): Promise<SlotRecord> {
  return db.$transaction(async (tx) => {
    await assertLease(tx, wish.lease);
    const agent = await lockAgent(tx, wish.agentId);
    if (agent.slotId !== null) return tx.slot.findUniqueOrThrow({ where: { id: agent.slotId } });
    // One reservation at a time per node: two agents never read the same free port.
    await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtext(${`ports:${wish.nodeId}`}))::text`;
    const restingSince = new Date(wish.now.getTime() - wish.portRestMs);
    const taken = await tx.slot.findMany({
      where: { nodeId: wish.nodeId, OR: [{ releasedAt: null }, { releasedAt: { gt: restingSince } }] },
      select: { port: true },
    });
    const port = await choosePort(wish, new Set(taken.map((slot) => slot.port)));
    if (port === null) throw appError("no_room");
    const { id, ...keys } = wish.slot;
    const slot = await tx.slot.create({
      data: {
        id,
        nodeId: wish.nodeId,
        host: wish.host,
        port,
        rootKeyEnvelope: Uint8Array.from(keys.rootKeyEnvelope),
        ingressKeyEnvelope: Uint8Array.from(keys.ingressKeyEnvelope),
        egressKeyHash: Uint8Array.from(keys.egressKeyHash),
        ...(keys.appsKeyEnvelope === undefined ? {} : { appsKeyEnvelope: Uint8Array.from(keys.appsKeyEnvelope) }),
      },
    });
    await tx.agent.update({ where: { id: agent.id }, data: { slotId: slot.id } });
    return slot;
  }, transactionLimits);
}

async function choosePort({ ports, canUsePort }: SlotReservation, taken: ReadonlySet<number>): Promise<number | null> {
  for (let port = ports.first; port <= ports.last; port += 1) {
    if (!taken.has(port) && ((await canUsePort?.(port)) ?? true)) return port;
  }
  return null;
}

/** Remembers which generation of the agent the slot is started for, before it is started. */
export async function markSlotStarted(db: Database, lease: Lease, slotId: string, generation: number): Promise<void> {
  await db.$transaction(async (tx) => {
    await assertLease(tx, lease);
    await tx.slot.update({ where: { id: slotId }, data: { startedGeneration: generation } });
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
    await tx.slot.update({ where: { id: slotId }, data: { releasedAt: now } });
  }, transactionLimits);
}
