import { AppError } from "@automna/core/shared/app-error";
import type { Database } from "@automna/records/database";
import { findNode, findNodeOfSlot, type NodeRecord } from "@automna/records/nodes";

/** Finds nodekeepers in the records of nodes. A node that has none throws: nothing can be done there. */
export function makeNodeDirectory(db: Database) {
  const toKeeperNode = (node: NodeRecord | null, of: string) => {
    if (node === null || node.keeperUrl === null)
      throw new AppError("no_nodekeeper", "transient", `no nodekeeper is known for ${of}`);
    return { name: node.name, keeperUrl: node.keeperUrl };
  };
  return {
    ofSlot: async (slotId: string) => toKeeperNode(await findNodeOfSlot(db, slotId), slotId),
    byId: async (nodeId: string) => toKeeperNode(await findNode(db, nodeId), nodeId),
  };
}
