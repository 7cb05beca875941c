import type { CellNodes } from "../nodes/cell-nodes.ts";

export interface ThisMachine {
  nodeId: string;
  /** Where the slots' agentd listen. */
  host: string;
  ports: { first: number; last: number };
}

/**
 * The one node of a cell whose slots are processes. Its memory is not counted: whoever develops on it decides what else
 * runs there, and ports are the only limit.
 */
export function thisMachine({ nodeId, host, ports }: ThisMachine): CellNodes {
  const node = {
    id: nodeId,
    name: nodeId,
    address: host,
    keeperUrl: null,
    ports,
    memoryMb: null,
    awakeLimit: null,
    ownerId: null,
    isThere: true,
  };
  return { list: async () => [node] };
}
