import type { Clock } from "@automna/core/shared/clock";
import type { Database } from "@automna/records/database";
import { ensureCell, recordMissingNodes, recordNode } from "@automna/records/nodes";
import type { Logger } from "@automna/service-kit/log";
import type { CellNodes } from "./cell-nodes.ts";

export interface NodeRecordingDeps {
  db: Database;
  cell: Parameters<typeof ensureCell>[1];
  nodes: CellNodes;
  clock: Clock;
  log: Logger;
  /** A node was lost, or is there again: its agents need a look. */
  onChange: (nodeId: string) => void;
}

/** Returns one turn: what the cell says of its nodes becomes their records, and whom that concerns is told. */
export function makeNodeRecording({
  db,
  cell,
  nodes,
  clock,
  log,
  onChange,
}: NodeRecordingDeps): (signal: AbortSignal) => Promise<void> {
  return async (signal) => {
    const listed = await nodes.list(signal);
    const now = new Date(clock());
    await ensureCell(db, cell);
    for (const facts of listed) {
      const { node, change } = await recordNode(db, { ...facts, cellId: cell.id }, now);
      if (change === "none") continue;
      log.warn({ nodeId: node.id, node: node.name, change }, "a node was lost or is back");
      onChange(node.id);
    }
    const missing = await recordMissingNodes(db, { cellId: cell.id, listed: listed.map(({ id }) => id), now });
    for (const nodeId of missing) {
      log.warn({ nodeId }, "a node has left its cell");
      onChange(nodeId);
    }
  };
}
