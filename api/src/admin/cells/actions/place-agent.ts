import { appError } from "@automna/contract/error-catalogue";
import { requestMove } from "@automna/records/agent-moves";
import type { Transaction } from "@automna/records/database";
import { findNode, type NodeRecord } from "@automna/records/nodes";
import type { CellActionExecutor } from "./cell-action.ts";

/** Wishes an agent elsewhere. Whether the node has room is found out where room is reserved; the agent stays until then. */
export const executeMoveAgent: CellActionExecutor<"move_agent"> = async (context, { agentId, nodeId }) => {
  const { tx, now } = context;
  const from = await findNodeOf(tx, agentId);
  if (from?.lostSince != null) throw appError("node_is_lost");
  if (nodeId !== null) assertTakes(await findNode(tx, nodeId));
  await requestMove(tx, { agentId, nodeId, now });
  context.hint(agentId);
  return { subject: agentId, before: { nodeId: from?.id ?? null }, after: { moveTo: nodeId ?? "anywhere" } };
};

/**
 * What becomes of an agent whose node is lost is an operator's to say: two copies of one agent would be worse than none.
 * To wait changes nothing, and is written down as said.
 */
export const executeDecideLostAgent: CellActionExecutor<"decide_lost_agent"> = async (
  { tx },
  { agentId, decision },
) => {
  const node = await findNodeOf(tx, agentId);
  if (node?.lostSince == null) throw appError("agent_node_not_lost");
  if (decision === "restore") throw appError("backups_unavailable");
  const facts = { nodeId: node.id, lostSince: node.lostSince.toISOString() };
  return { subject: agentId, before: facts, after: { ...facts, decision } };
};

/** Null = the agent has no place. Throws `agent_not_found`. */
async function findNodeOf(tx: Transaction, agentId: string): Promise<NodeRecord | null> {
  const agent = await tx.agent.findUnique({ where: { id: agentId }, select: { slot: { select: { nodeId: true } } } });
  if (agent === null) throw appError("agent_not_found");
  return agent.slot === null ? null : findNode(tx, agent.slot.nodeId);
}

function assertTakes(node: NodeRecord | null): void {
  if (node === null) throw appError("node_not_found");
  const { lostSince, cordonedAt, drainingSince } = node;
  if (lostSince !== null || cordonedAt !== null || drainingSince !== null) throw appError("node_takes_nothing");
}
