import type { AgentPhase } from "@automna/core/agents/agent-phase";
import type { Wave, WaveMember, WaveMemberState, WaveSettings, WaveState } from "@automna/core/upgrades/wave";
import type { UpgradeWave } from "@automna/prisma/generated/client";
import { lockAgent } from "./agents.ts";
import { transactionLimits, type Database, type Transaction } from "./database.ts";
import { assertLease, type Lease } from "./leases.ts";
import { wishImage } from "./upgrades.ts";

export type WaveRecord = Omit<UpgradeWave, "settings"> & { settings: WaveSettings };

/** States in which there may be something to do. */
const drivenStates: readonly WaveState[] = ["running", "paused", "halted", "rolling_back", "done"];

/**
 * Writes a wave down with everybody who has another image, in an order that is as good as chance and stays the same.
 * Answers how many they are.
 */
export async function createWave(
  tx: Transaction,
  wave: { id: string; image: string; settings: WaveSettings; createdBy: string; now: Date },
): Promise<number> {
  const { id, image, settings, createdBy, now } = wave;
  await tx.upgradeWave.create({ data: { id, image, settings: { ...settings }, createdBy, createdAt: now } });
  return tx.$executeRaw`
    INSERT INTO upgrade_members (wave_id, agent_id, position, from_image)
    SELECT ${id}, a.id, row_number() OVER (ORDER BY md5(a.id || ${id})), s.image
    FROM agents a JOIN slots s ON s.id = a.slot_id
    WHERE a.phase <> 'deleted' AND a.desired <> 'deleted' AND s.image IS DISTINCT FROM ${image}`;
}

/** Locks the wave until the transaction ends; null = there is none. */
export async function lockWave(tx: Transaction, waveId: string): Promise<WaveRecord | null> {
  await tx.$queryRaw`SELECT id FROM upgrade_waves WHERE id = ${waveId} FOR UPDATE`;
  const wave = await tx.upgradeWave.findUnique({ where: { id: waveId } });
  return wave === null ? null : toWave(wave);
}

/** Waves that the provisioner drives, the newest last. */
export async function listDrivenWaves(db: Database): Promise<WaveRecord[]> {
  const waves = await db.upgradeWave.findMany({
    where: {
      state: { in: [...drivenStates] },
      // One that ended has something to do while a member is on its way, or waits to be taken back.
      OR: [{ endedAt: null }, { members: { some: { state: { in: ["upgrading", "reverting", "failed"] } } } }],
    },
    orderBy: { createdAt: "asc" },
  });
  return waves.map(toWave);
}

interface MemberRow {
  agent_id: string;
  state: WaveMemberState;
  batch: number | null;
  from_image: string | null;
  until: Date | null;
  phase: AgentPhase;
  reason: string | null;
  image: string | null;
  wished_image: string | null;
  trial_stage: string | null;
}

export interface WaveMemberRecord extends WaveMember {
  fromImage: string | null;
  /** The agent's reason, where it has one. */
  reason: string | null;
}

/** The wave's members in their order, each with how its agent is now. */
export async function listWaveMembers(db: Database, { id, image }: WaveRecord): Promise<WaveMemberRecord[]> {
  const rows = await db.$queryRaw<MemberRow[]>`
    SELECT m.agent_id, m.state::text AS state, m.batch, m.from_image, d.until, a.phase::text AS phase, a.reason,
           s.image, a.wished_image, s.trial_stage
    FROM upgrade_members m
    JOIN agents a ON a.id = m.agent_id
    LEFT JOIN slots s ON s.id = a.slot_id
    LEFT JOIN upgrade_deferrals d ON d.user_id = a.user_id
    WHERE m.wave_id = ${id}
    ORDER BY m.position`;
  return rows.map((row) => ({
    agentId: row.agent_id,
    state: row.state,
    batch: row.batch,
    fromImage: row.from_image,
    reason: row.reason,
    deferredUntilMs: row.until?.getTime() ?? null,
    agent: {
      phase: row.phase,
      isOnTarget: row.image === image,
      isUnderWay: row.wished_image !== null || row.trial_stage === "trying" || row.trial_stage === "restoring",
    },
  }));
}

/** As the planner sees it. */
export function toPlannedWave(wave: WaveRecord, members: readonly WaveMember[]): Wave {
  const { state, settings, acceptedBatches, settledAt } = wave;
  return { state, settings, members, acceptedBatches, settledAtMs: settledAt?.getTime() ?? null };
}

export interface WaveWrite {
  lease: Lease;
  waveId: string;
  now: Date;
}

/** What has become of a member. */
export async function settleMember(
  db: Database,
  { lease, waveId, now }: WaveWrite,
  { agentId, to, reason }: { agentId: string; to: WaveMemberState; reason: string | null },
): Promise<void> {
  await db.$transaction(async (tx) => {
    await assertLease(tx, lease);
    await tx.upgradeMember.update({
      where: { waveId_agentId: { waveId, agentId } },
      data: { state: to, settledAt: now, ...(to === "failed" || to === "stuck" ? { reason } : {}) },
    });
    await tx.upgradeWave.update({ where: { id: waveId }, data: { settledAt: now } });
  }, transactionLimits);
}

/**
 * Wishes an image for a member's agent and writes down that it is on its way, both or neither. Nothing happens when the
 * wave's state has changed meanwhile, or another image is wished for the agent already. Answers whether it did.
 */
export async function wishMemberImage(
  db: Database,
  { lease, waveId, now }: WaveWrite,
  wish: { agentId: string; image: string; in: WaveState; batch?: number },
): Promise<boolean> {
  const { agentId, image, batch } = wish;
  return db.$transaction(async (tx) => {
    await assertLease(tx, lease);
    const wave = await lockWave(tx, waveId);
    if (wave === null || wave.state !== wish.in) return false;
    const { wishedImage, desired } = await lockAgent(tx, agentId);
    if (wishedImage !== null || desired === "deleted") return false;
    // An image that did not prove itself here before may be tried again: an operator said so.
    await wishImage(tx, agentId, image);
    await tx.upgradeMember.update({
      where: { waveId_agentId: { waveId, agentId } },
      data: batch === undefined ? { state: "reverting" } : { state: "upgrading", batch, beganAt: now },
    });
    return true;
  }, transactionLimits);
}

/** The wave goes on by itself to another state, unless somebody changed it meanwhile. */
export async function advanceWave(
  db: Database,
  { lease, waveId, now }: WaveWrite,
  { from, to, why }: { from: WaveState; to: WaveState; why: string },
): Promise<void> {
  await db.$transaction(async (tx) => {
    await assertLease(tx, lease);
    await tx.upgradeWave.updateMany({
      where: { id: waveId, state: from },
      data: { state: to, why, endedAt: to === "rolling_back" ? null : now },
    });
  }, transactionLimits);
}

function toWave(wave: UpgradeWave): WaveRecord {
  // Parsed by the contract when it was written.
  return { ...wave, settings: wave.settings as unknown as WaveSettings };
}
