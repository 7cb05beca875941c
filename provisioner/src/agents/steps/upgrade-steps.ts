import { beginTrial, endTrial, failTrial, forgetTrial, markRestored } from "@automna/records/upgrades";
import { callOf, slotOf, type StepExecutor } from "./step-context.ts";

// Steps of an upgrade (design D14). Each can be repeated after a crash at any line of it (S10).

export const snapshotSlot: StepExecutor<"snapshotSlot"> = async ({ slotId, snapshot, image }, context) => {
  const { deps, lease } = context;
  await deps.runtime.snapshot(slotId, snapshot, callOf(context));
  const fromImage = slotOf(context, slotId).image ?? deps.cell.image;
  await beginTrial(deps.db, { lease, slotId, snapshot, fromImage, image, now: new Date(deps.clock()) });
};

export const endUpgrade: StepExecutor<"endUpgrade"> = async ({ slotId }, { deps, lease, agent }) => {
  await endTrial(deps.db, lease, agent.id, slotId);
};

export const failUpgrade: StepExecutor<"failUpgrade"> = async ({ slotId, reason }, { deps, lease, agent }) => {
  await failTrial(deps.db, { lease, agentId: agent.id, slotId, reason });
};

export const restoreSlot: StepExecutor<"restoreSlot"> = async ({ slotId, snapshot }, context) => {
  await context.deps.runtime.restoreSnapshot(slotId, snapshot, callOf(context));
  await markRestored(context.deps.db, context.lease, slotId);
};

export const dropSnapshot: StepExecutor<"dropSnapshot"> = async ({ slotId, snapshot }, context) => {
  await context.deps.runtime.deleteSnapshot(slotId, snapshot, callOf(context));
  await forgetTrial(context.deps.db, context.lease, slotId);
};
