import { appError } from "@automna/contract/error-catalogue";
import type { Transaction } from "@automna/records/database";
import { beginDrain, cancelDrain } from "@automna/records/drains";
import { findNode, setCordon, type NodeRecord } from "@automna/records/nodes";
import { newId } from "@automna/service-kit/new-id";
import type { ActionFacts } from "../../actions/action.ts";
import type { CellActionContext, CellActionExecutor, CellActionOutcome } from "./cell-action.ts";

/** Keeps new slots from a node; what runs there goes on. One that is cordoned already keeps its reason and time. */
export const executeCordon: CellActionExecutor<"cordon_node"> = (context, { nodeId }) =>
  change(context, nodeId, async (node) => {
    if (node.cordonedAt === null) await setCordon(context.tx, { nodeId, reason: "operator", now: context.now });
  });

/** Lets new slots come again; what is being emptied is not any more. */
export const executeUncordon: CellActionExecutor<"uncordon_node"> = (context, { nodeId }) =>
  change(context, nodeId, async ({ cordonedAt }) => {
    await cancelDrain(context.tx, nodeId, context.now);
    if (cordonedAt !== null) await setCordon(context.tx, { nodeId, reason: null, now: context.now });
  });

export const executeDrain: CellActionExecutor<"drain_node"> = (context, { nodeId, concurrency }) =>
  change(context, nodeId, async ({ lostSince }) => {
    if (lostSince !== null) throw appError("node_is_lost");
    const { tx, operatorId: createdBy, now } = context;
    await beginDrain(tx, { id: newId("drn"), nodeId, concurrency, createdBy, now });
  });

export const executeStopDrain: CellActionExecutor<"stop_drain"> = (context, { nodeId }) =>
  change(context, nodeId, () => cancelDrain(context.tx, nodeId, context.now));

async function change(
  { tx }: CellActionContext,
  nodeId: string,
  write: (node: NodeRecord) => Promise<void>,
): Promise<CellActionOutcome> {
  const node = await lockNode(tx, nodeId);
  await write(node);
  return { subject: nodeId, before: factsOf(node), after: factsOf(await lockNode(tx, nodeId)) };
}

async function lockNode(tx: Transaction, nodeId: string): Promise<NodeRecord> {
  await tx.$queryRaw`SELECT id FROM nodes WHERE id = ${nodeId} FOR UPDATE`;
  const node = await findNode(tx, nodeId);
  if (node === null) throw appError("node_not_found");
  return node;
}

function factsOf({ cordonReason, drainingSince, lostSince }: NodeRecord): ActionFacts {
  return { cordon: cordonReason, isDraining: drainingSince !== null, isLost: lostSince !== null };
}
