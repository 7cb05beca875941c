import { AppError } from "@automna/core/shared/app-error";
import {
  abandonMove as abandonMoveRecord,
  flipMove as flipMoveRecord,
  markSlotFilled,
  reserveNextSlot as reserveNextSlotRecord,
} from "@automna/records/moves";
import { listNodes } from "@automna/records/nodes";
import { releaseSlot } from "@automna/records/slots";
import { toPlacementWish } from "../../placements/placement-wish.ts";
import { slotLimits } from "../agent-claim.ts";
import { newSlotSecrets } from "../slot-secrets.ts";
import { callOf, type StepContext, type StepExecutor } from "./step-context.ts";

// Steps of a move. Each can be repeated after a crash at any line of it (S10).

export const reserveNextSlot: StepExecutor<"reserveNextSlot"> = async (_step, context) => {
  const { deps, lease, agent, slot } = context;
  const { cellId, image, portRestMs, canUsePort } = deps.cell;
  await reserveNextSlotRecord(deps.db, {
    lease,
    agentId: agent.id,
    cellId,
    wish: { ...toPlacementWish(agent, deps.cell), avoid: await listAvoided(context) },
    portRestMs,
    canUsePort,
    now: new Date(deps.clock()),
    slot: { ...newSlotSecrets(deps.rings), volumeMb: slotLimits(agent).volumeMb, image: slot?.image ?? image },
  });
};

/** Every node but the one that was named; without a name, the one that the agent is on. */
async function listAvoided({ deps, agent, slot }: StepContext): Promise<string[]> {
  if (agent.moveToNodeId === null) return slot === null ? [] : [slot.nodeId];
  const nodes = await listNodes(deps.db, deps.cell.cellId);
  return nodes.map(({ id }) => id).filter((id) => id !== agent.moveToNodeId);
}

export const copyVolume: StepExecutor<"copyVolume"> = async ({ from, to }, context) => {
  await context.deps.runtime.copyVolume({ from, to }, callOf(context));
  await markSlotFilled(context.deps.db, context.lease, { from, to });
};

export const flipMove: StepExecutor<"flipMove"> = async ({ from, to }, { deps, lease, agent }) => {
  await flipMoveRecord(deps.db, { lease, agentId: agent.id, from, to, now: new Date(deps.clock()) });
};

export const abandonMove: StepExecutor<"abandonMove"> = async ({ reason, detail }, { deps, lease, agent }) => {
  await abandonMoveRecord(deps.db, { lease, agentId: agent.id, reason, detail });
};

export const dropSlot: StepExecutor<"dropSlot"> = async ({ slotId }, context) => {
  const { deps, lease, agent, kept, next } = context;
  const isOurs = slotId === next?.id || kept.some(({ id }) => id === slotId);
  if (!isOurs || slotId === agent.slotId)
    throw new AppError("slot_mismatch", "bug", `${slotId} is not a slot that the agent can do without`);
  await deps.runtime.delete(slotId, callOf(context));
  await releaseSlot(deps.db, lease, slotId, new Date(deps.clock()));
};
