import { appError } from "@automna/contract/error-catalogue";
import { waveSettingsSchema, type WaveAnswer, type WaveView } from "@automna/contract/admin-waves";
import { waveAbilities, waveMemberStates } from "@automna/core/upgrades/wave";
import type { UpgradeWave } from "@automna/prisma/generated/client";
import type { Database } from "@automna/records/database";

const MOST = 50;

export async function listWaves(db: Database): Promise<{ waves: WaveView[] }> {
  const waves = await db.upgradeWave.findMany({ orderBy: { createdAt: "desc" }, take: MOST });
  return { waves: await toViews(db, waves) };
}

/** A wave and everybody in it, in their order. Throws `wave_not_found`. */
export async function readWave(db: Database, waveId: string): Promise<WaveAnswer> {
  const found = await db.upgradeWave.findUnique({
    where: { id: waveId },
    include: {
      members: {
        orderBy: { position: "asc" },
        include: {
          agent: {
            select: { userId: true, user: { select: { email: true, upgradeDeferral: { select: { until: true } } } } },
          },
        },
      },
    },
  });
  if (found === null) throw appError("wave_not_found");
  const { members, ...record } = found;
  const [wave] = await toViews(db, [record]);
  if (wave === undefined) throw appError("wave_not_found");
  return {
    wave,
    members: members.map(({ agent: { userId, user }, agentId, state, batch, reason, settledAt }) => ({
      agentId,
      userId,
      email: user.email,
      state,
      batch,
      reason,
      deferredUntilMs: user.upgradeDeferral?.until.getTime() ?? null,
      settledAtMs: settledAt?.getTime() ?? null,
    })),
  };
}

async function toViews(db: Database, waves: readonly UpgradeWave[]): Promise<WaveView[]> {
  const groups = await db.upgradeMember.groupBy({
    by: ["waveId", "state"],
    where: { waveId: { in: waves.map(({ id }) => id) } },
    _count: true,
    _max: { batch: true },
  });
  return waves.map(({ createdAt, startedAt, endedAt, ...wave }) => {
    const own = groups.filter(({ waveId }) => waveId === wave.id);
    const count = (state: string) => own.find((group) => group.state === state)?._count ?? 0;
    const batches = own.flatMap(({ _max }) => (_max.batch === null ? [] : [_max.batch]));
    const { id, image, state, why, createdBy } = wave;
    return {
      id,
      image,
      state,
      why,
      createdBy,
      settings: waveSettingsSchema.parse(wave.settings),
      createdAtMs: createdAt.getTime(),
      startedAtMs: startedAt?.getTime() ?? null,
      endedAtMs: endedAt?.getTime() ?? null,
      total: own.reduce((sum, { _count }) => sum + _count, 0),
      counts: Object.fromEntries(waveMemberStates.map((of) => [of, count(of)])) as WaveView["counts"],
      batch: batches.length === 0 ? null : Math.max(...batches),
      abilities: waveAbilities(state),
    };
  });
}
