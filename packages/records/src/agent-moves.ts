import { appError } from "@automna/contract/error-catalogue";
import { canMove } from "@automna/core/placements/plan-drain";
import { lockAgent } from "./agents.ts";
import type { Transaction } from "./database.ts";
import { wishMove } from "./moves.ts";

/**
 * Wishes an agent elsewhere (null = wherever there is room), if it can set out now; one that is on its way there already
 * goes on. Throws `agent_not_found` and `agent_not_movable`.
 */
export async function requestMove(
  tx: Transaction,
  { agentId, nodeId, now }: { agentId: string; nodeId: string | null; now: Date },
): Promise<void> {
  const agent = await lockAgent(tx, agentId);
  const isWished = agent.moveWishedAt !== null && agent.moveToNodeId === nodeId;
  // One that has set out for somewhere else arrives there first.
  const canSetOut = canMove(agent.phase) && agent.slotId !== null && agent.nextSlotId === null;
  if (!isWished && !canSetOut) throw appError("agent_not_movable");
  await wishMove(tx, { agentId, toNodeId: nodeId, now });
}
