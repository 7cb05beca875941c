import { appError } from "@automna/contract/error-catalogue";
import { DAY_MS } from "@automna/core/shared/clock";
import { stateAfter, type WaveAction } from "@automna/core/upgrades/wave";
import { createWave, lockWave } from "@automna/records/waves";
import { newId } from "@automna/service-kit/new-id";
import type { CellActionContext, CellActionExecutor, CellActionOutcome } from "./cell-action.ts";

export const executeCreateWave: CellActionExecutor<"create_wave"> = async (context, { image, settings }) => {
  const { tx, operatorId: createdBy, now } = context;
  const id = newId("wav");
  const members = await createWave(tx, { id, image, settings, createdBy, now });
  if (members === 0) throw appError("wave_without_agents");
  return { subject: id, before: {}, after: { waveId: id, image, members } };
};

export const executeStartWave: CellActionExecutor<"start_wave"> = (context, input) => act(context, "start", input);
export const executePauseWave: CellActionExecutor<"pause_wave"> = (context, input) => act(context, "pause", input);
export const executeHaltWave: CellActionExecutor<"halt_wave"> = (context, input) => act(context, "halt", input);
export const executeRollBackWave: CellActionExecutor<"roll_back_wave"> = (context, input) =>
  act(context, "roll_back", input);

async function act(
  { tx, now }: CellActionContext,
  action: WaveAction,
  { waveId }: { waveId: string },
): Promise<CellActionOutcome> {
  const wave = await lockWave(tx, waveId);
  if (wave === null) throw appError("wave_not_found");
  const to = stateAfter(action, wave.state);
  if (to === null) throw appError("wave_action_not_possible", { details: { action, state: wave.state } });
  const facts = { subject: waveId, before: { state: wave.state }, after: { state: to } };
  if (to === wave.state) return facts;
  const isActive = to === "running" || to === "paused" || to === "rolling_back";
  const others = {
    id: { not: waveId },
    state: { in: ["running" as const, "paused" as const, "rolling_back" as const] },
  };
  // Two at once: the index of active waves lets only one of them be.
  if (isActive && (await tx.upgradeWave.count({ where: others })) > 0) throw appError("another_wave_active");
  const newest = await tx.upgradeMember.aggregate({ where: { waveId }, _max: { batch: true } });
  await tx.upgradeWave.update({
    where: { id: waveId },
    data: {
      state: to,
      why: null,
      startedAt: wave.startedAt ?? now,
      endedAt: to === "halted" ? now : null,
      // Whoever goes on after a halt has seen what failed so far.
      ...(action === "start" && wave.state === "halted" ? { acceptedBatches: (newest._max.batch ?? -1) + 1 } : {}),
    },
  });
  return facts;
}

export const executeDeferUpgrades: CellActionExecutor<"defer_upgrades"> = async (context, { userId, days }) => {
  const { tx, operatorId: setBy, now } = context;
  if ((await tx.user.count({ where: { id: userId } })) === 0) throw appError("customer_not_found");
  const before = await tx.upgradeDeferral.findUnique({ where: { userId } });
  const until = days === 0 ? null : new Date(now.getTime() + days * DAY_MS);
  if (until === null) await tx.upgradeDeferral.deleteMany({ where: { userId } });
  else
    await tx.upgradeDeferral.upsert({ where: { userId }, create: { userId, until, setBy }, update: { until, setBy } });
  return {
    subject: userId,
    before: { deferredUntil: before?.until.toISOString() ?? null },
    after: { deferredUntil: until?.toISOString() ?? null },
  };
};
