import {
  markSlotStarted,
  markSlotResized,
  releaseSlot as releaseSlotRecord,
  reserveSlot as reserveSlotRecord,
  storeAppsKey,
} from "@automna/records/slots";
import { toPlacementWish, toWarmFit } from "../../placements/placement-wish.ts";
import { slotLimits, toClaimRequest } from "../agent-claim.ts";
import type { SlotSpec } from "../agent-runtime.ts";
import { controlKeyOf, newSlotSecrets, openRootKey, sealAppsKeys } from "../slot-secrets.ts";
import { toSlotSpec } from "../slot-spec.ts";
import { callOf, slotOf, type StepContext, type StepExecutor } from "./step-context.ts";

// Steps that act on a slot. Each can be repeated after a crash at any line of it (S10).

export const reserveSlot: StepExecutor<"reserveSlot"> = async (_step, { deps, lease, agent }) => {
  const { cellId, image, portRestMs, canUsePort } = deps.cell;
  await reserveSlotRecord(deps.db, {
    lease,
    agentId: agent.id,
    cellId,
    wish: toPlacementWish(agent, deps.cell),
    portRestMs,
    canUsePort,
    now: new Date(deps.clock()),
    slot: { ...newSlotSecrets(deps.rings), volumeMb: slotLimits(agent).volumeMb, image },
    warmFit: toWarmFit(agent, deps.cell),
  });
};

export const createSlot: StepExecutor<"createSlot"> = async ({ slotId }, context) => {
  await context.deps.runtime.create(specOf(context, slotId), callOf(context));
};

export const startSlot: StepExecutor<"startSlot"> = async ({ slotId, generation }, context) => {
  const spec = specOf(context, slotId);
  // First the record: a slot that runs unknown to it would count as never used, and could be replaced by an empty one.
  await markSlotStarted(context.deps.db, context.lease, slotId, generation);
  await addAppsKey(context, slotId);
  await context.deps.runtime.start(spec, callOf(context));
};

export const claimSlot: StepExecutor<"claimSlot"> = async ({ slotId }, context) => {
  const { deps, agent, signal } = context;
  const slot = slotOf(context, slotId);
  const address = { slotId, host: slot.host, port: slot.port, controlKey: controlKeyOf(deps.rings, slot) };
  await deps.agentd.claim(address, toClaimRequest(agent, deps.models), signal);
};

export const stopSlot: StepExecutor<"stopSlot"> = async ({ slotId }, context) => {
  await context.deps.runtime.stop(slotId, callOf(context));
};

export const dozeSlot: StepExecutor<"dozeSlot"> = async ({ slotId }, context) => {
  await context.deps.runtime.doze(slotId, callOf(context));
};

export const wakeSlot: StepExecutor<"wakeSlot"> = async ({ slotId }, context) => {
  await context.deps.runtime.wake(slotId, callOf(context));
};

export const resizeSlot: StepExecutor<"resizeSlot"> = async ({ slotId, memoryMb }, context) => {
  await context.deps.runtime.resize({ ...specOf(context, slotId), memoryMb }, callOf(context));
  await markSlotResized(context.deps.db, context.lease, slotId, memoryMb);
};

export const deleteSlot: StepExecutor<"deleteSlot"> = async ({ slotId }, context) => {
  await context.deps.runtime.delete(slotId, callOf(context));
};

export const releaseSlot: StepExecutor<"releaseSlot"> = async ({ slotId }, context) => {
  // A creation that a crash cut short looks absent and may have left something.
  await context.deps.runtime.delete(slotId, callOf(context));
  await releaseSlotRecord(context.deps.db, context.lease, slotId, new Date(context.deps.clock()));
};

/** A slot that is older than the apps listener gets its key when it is started next. */
async function addAppsKey(context: StepContext, slotId: string): Promise<void> {
  const { deps, lease } = context;
  const slot = slotOf(context, slotId);
  if (slot.appsKeyEnvelope !== null) return;
  const rootKey = openRootKey(deps.rings, slot);
  const envelope = sealAppsKeys(deps.rings, { id: slotId, rootKey, keyGeneration: slot.keyGeneration });
  if (envelope !== null) await storeAppsKey(deps.db, lease, slotId, envelope);
}

/** What the slot is made and started from, by its record and its agent's tier. */
export function specOf(context: StepContext, slotId: string): SlotSpec {
  return toSlotSpec(context.deps, slotOf(context, slotId), context.agent.tier);
}
