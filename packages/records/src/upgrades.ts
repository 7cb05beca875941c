import type { AgentReason } from "@automna/core/agents/agent-health";
import { appendAgentEvent, lockAgent, type AgentRecord } from "./agents.ts";
import { transactionLimits, type Database, type Transaction } from "./database.ts";
import { assertLease, type Lease } from "./leases.ts";

// An image on trial (core/agents/plan-upgrade). The slot's row says how far, so that a crash changes nothing about it.

/** Wishes for the agent to run another image. The same wish again changes nothing; null takes it back. */
export async function wishImage(tx: Transaction, agentId: string, image: string | null): Promise<AgentRecord> {
  const agent = await lockAgent(tx, agentId);
  if (agent.wishedImage === image) return agent;
  const changed = await tx.agent.update({ where: { id: agentId }, data: { wishedImage: image, failedImage: null } });
  await appendAgentEvent(tx, changed, "agent.upgrade_requested", { image });
  return changed;
}

export interface TrialStart {
  lease: Lease;
  slotId: string;
  snapshot: string;
  /** What it had, and what it is to have. */
  fromImage: string;
  image: string;
  now: Date;
}

/** The snapshot is there: the slot has the new image from now on, on trial. */
export async function beginTrial(db: Database, trial: TrialStart): Promise<void> {
  await db.$transaction(async (tx) => {
    await assertLease(tx, trial.lease);
    // A slot in its trial keeps the image that it came from.
    await tx.slot.updateMany({
      where: { id: trial.slotId, trialStage: null },
      data: {
        image: trial.image,
        trialStage: "trying",
        trialSnapshot: trial.snapshot,
        trialFromImage: trial.fromImage,
        trialSince: trial.now,
      },
    });
  }, transactionLimits);
}

/** The new image has proven itself; its snapshot may go. */
export async function endTrial(db: Database, lease: Lease, agentId: string, slotId: string): Promise<void> {
  await db.$transaction(async (tx) => {
    await assertLease(tx, lease);
    await tx.slot.updateMany({ where: { id: slotId, trialStage: "trying" }, data: { trialStage: "done" } });
    const agent = await tx.agent.update({ where: { id: agentId }, data: { wishedImage: null } });
    await appendAgentEvent(tx, agent, "agent.upgraded", {});
  }, transactionLimits);
}

/** The new image has not: nobody asks for it again, and image and data are to come back. */
export async function failTrial(
  db: Database,
  { lease, agentId, slotId, reason }: { lease: Lease; agentId: string; slotId: string; reason: AgentReason },
): Promise<void> {
  await db.$transaction(async (tx) => {
    await assertLease(tx, lease);
    const { wishedImage } = await lockAgent(tx, agentId);
    await tx.slot.updateMany({ where: { id: slotId, trialStage: "trying" }, data: { trialStage: "restoring" } });
    const agent = await tx.agent.update({
      where: { id: agentId },
      data: { wishedImage: null, failedImage: wishedImage },
    });
    await appendAgentEvent(tx, agent, "agent.upgrade_failed", { reason, image: wishedImage });
  }, transactionLimits);
}

/** Its data is as it was; so is its image, and the gateway has yet to start. */
export async function markRestored(db: Database, lease: Lease, slotId: string): Promise<void> {
  await db.$transaction(async (tx) => {
    await assertLease(tx, lease);
    await tx.$executeRaw`
      UPDATE slots SET image = trial_from_image, trial_stage = 'done' WHERE id = ${slotId} AND trial_stage = 'restoring'`;
  }, transactionLimits);
}

/** The snapshot is gone, and with it the last of the trial. */
export async function forgetTrial(db: Database, lease: Lease, slotId: string): Promise<void> {
  await db.$transaction(async (tx) => {
    await assertLease(tx, lease);
    await tx.slot.updateMany({
      where: { id: slotId, trialStage: "done" },
      data: { trialStage: null, trialSnapshot: null, trialFromImage: null, trialSince: null },
    });
  }, transactionLimits);
}
