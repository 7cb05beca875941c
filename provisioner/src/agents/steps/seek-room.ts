import { admitWake, dozeNeighbour, moveForRoom, tellReason } from "@automna/records/wakes";
import { unreachable } from "@automna/core/shared/unreachable";
import { toWaking } from "../../placements/placement-wish.ts";
import { slotOf, type StepExecutor } from "./step-context.ts";

/** Brings an agent that rests nearer to a place among the awake: it has one, somebody makes way, it moves, or it waits. */
export const seekRoom: StepExecutor<"seekRoom"> = async ({ choice }, context) => {
  const { deps, lease, agent } = context;
  const { db } = deps;
  const slot = slotOf(context, agent.slotId ?? "");
  const now = new Date(deps.clock());
  const own = { lease, agentId: agent.id };
  switch (choice.kind) {
    case "room":
      return admitWake(db, { lease, ...toWaking(deps, agent, slot) });
    case "doze":
      await dozeNeighbour(db, { lease, agentId: choice.agentId, chosenAt: now, now });
      return tellReason(db, { ...own, reason: "waiting_for_room" });
    case "move":
      return moveForRoom(db, { ...own, now });
    case "wait":
      return tellReason(db, { ...own, reason: "waiting_for_room" });
    default:
      return unreachable(choice);
  }
};
