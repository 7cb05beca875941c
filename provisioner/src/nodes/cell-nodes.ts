import type { NodeFacts } from "@automna/records/nodes";

export type ListedNode = Omit<NodeFacts, "cellId">;

/** The nodes of a cell: a Swarm's, or the one machine that runs slots as processes. */
export interface CellNodes {
  /** Every node that the cell knows, those included that it does not reach. Throws when it could not look (S3). */
  list: (signal: AbortSignal) => Promise<ListedNode[]>;
}
