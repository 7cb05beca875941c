import { AppError } from "@automna/core/shared/app-error";
import { KEEP_OLD_COPY_MS } from "@automna/core/agents/sleep-policy";
import type { AgentReason } from "@automna/core/agents/agent-health";
import { appendAgentEvent, lockAgent, type AgentRecord } from "./agents.ts";
import { transactionLimits, type Database, type Transaction } from "./database.ts";
import { assertLease, type Lease } from "./leases.ts";
import { placeSlot } from "./placements.ts";
import type { SlotRecord, SlotReservation } from "./slots.ts";

// A move: a second slot, its volume filled from the first, and the flip (design D3).

/** Wishes for the agent to be elsewhere: on that node, or anywhere but here. The same wish again changes nothing. */
export async function wishMove(
  tx: Transaction,
  { agentId, toNodeId, now }: { agentId: string; toNodeId: string | null; now: Date },
): Promise<AgentRecord> {
  const agent = await lockAgent(tx, agentId);
  if (agent.moveWishedAt !== null && agent.moveToNodeId === toNodeId) return agent;
  const changed = await tx.agent.update({
    where: { id: agentId },
    data: { moveWishedAt: now, moveToNodeId: toNodeId },
  });
  await appendAgentEvent(tx, changed, "agent.move_requested", {});
  return changed;
}

/** Gives the agent the place that it is to move to. One that it has already is kept (S10). Throws `no_room`. */
export async function reserveNextSlot(
  db: Database,
  { lease, agentId, ...placement }: SlotReservation,
): Promise<SlotRecord> {
  return db.$transaction(async (tx) => {
    await assertLease(tx, lease);
    const agent = await lockAgent(tx, agentId);
    if (agent.nextSlotId !== null) return tx.slot.findUniqueOrThrow({ where: { id: agent.nextSlotId } });
    const slot = await placeSlot(tx, placement);
    await tx.agent.update({ where: { id: agent.id }, data: { nextSlotId: slot.id } });
    return slot;
  }, transactionLimits);
}

/** Remembers that the volume has arrived whole. */
export async function markSlotFilled(
  db: Database,
  lease: Lease,
  { from, to }: { from: string; to: string },
): Promise<void> {
  await db.$transaction(async (tx) => {
    await assertLease(tx, lease);
    await tx.slot.update({ where: { id: to }, data: { filledFrom: from } });
  }, transactionLimits);
}

/**
 * Makes the new slot the agent's, if `from` still is its present one and `to` its next; the old one keeps its data for
 * a while. Throws `slot_mismatch` when they are not.
 */
export async function flipMove(
  db: Database,
  { lease, agentId, from, to, now }: { lease: Lease; agentId: string; from: string; to: string; now: Date },
): Promise<void> {
  await db.$transaction(async (tx) => {
    await assertLease(tx, lease);
    await lockAgent(tx, agentId);
    const { count } = await tx.agent.updateMany({
      where: { id: agentId, slotId: from, nextSlotId: to },
      data: { slotId: to, nextSlotId: null, moveWishedAt: null, moveToNodeId: null },
    });
    if (count === 0) throw new AppError("slot_mismatch", "bug", `${agentId} is not between ${from} and ${to}`);
    await tx.slot.update({
      where: { id: from },
      data: { keptForId: agentId, keptUntil: new Date(now.getTime() + KEEP_OLD_COPY_MS) },
    });
    const agent = await tx.agent.findUniqueOrThrow({ where: { id: agentId } });
    await appendAgentEvent(tx, agent, "agent.moved", { from, to });
  }, transactionLimits);
}

/** Takes the wish back; what was copied counts for nothing. */
export async function abandonMove(
  db: Database,
  {
    lease,
    agentId,
    reason,
    detail,
  }: { lease: Lease; agentId: string; reason: AgentReason; detail?: string | undefined },
): Promise<void> {
  await db.$transaction(async (tx) => {
    await assertLease(tx, lease);
    const { nextSlotId } = await lockAgent(tx, agentId);
    const agent = await tx.agent.update({ where: { id: agentId }, data: { moveWishedAt: null, moveToNodeId: null } });
    if (nextSlotId !== null) await tx.slot.update({ where: { id: nextSlotId }, data: { filledFrom: null } });
    await appendAgentEvent(tx, agent, "agent.move_abandoned", {
      reason,
      ...(detail === undefined ? {} : { detail }),
    });
  }, transactionLimits);
}
