import type { CellNodes, ListedNode } from "../nodes/cell-nodes.ts";
import type { EngineNode } from "./engine-shapes.ts";
import type { SwarmEngine } from "./swarm-engine.ts";
import { AGENT_NODE } from "./swarm-runtime.ts";

export interface SwarmNodeTerms {
  /** Range of the slots' ports, the same on every node of the cell: the node guard knows one. */
  ports: { first: number; last: number };
  /** nodekeeper's port. */
  keeperPort: number;
  /** Of a node's memory, what the system, the engine and nodekeeper need, MB. */
  systemMb: number;
}

/** Labels by which operators, or whoever enrolled the node, say more of it than Swarm knows. */
export const nodeLabels = {
  /** Private address at which slots' ports answer, where Swarm's own is another. */
  address: "automna.address",
  /** The one customer whose agents the node carries. */
  owner: "automna.owner",
  awakeLimit: "automna.awake-limit",
} as const;

/** The nodes of a Swarm that carry slots. */
export function makeSwarmNodes(engine: SwarmEngine, terms: SwarmNodeTerms): CellNodes {
  return {
    async list(signal) {
      const nodes = await engine.listNodes(signal);
      return nodes
        .filter(({ labels }) => labels[AGENT_NODE.label] === AGENT_NODE.value)
        .map((node) => toListedNode(node, terms));
    },
  };
}

/** What a Swarm says of a node. Pure. */
export function toListedNode(node: EngineNode, { ports, keeperPort, systemMb }: SwarmNodeTerms): ListedNode {
  const address = node.labels[nodeLabels.address] ?? ownAddress(node);
  const awakeLimit = Number.parseInt(node.labels[nodeLabels.awakeLimit] ?? "", 10);
  return {
    id: node.id,
    name: node.hostname,
    address,
    keeperUrl: `https://${address}:${keeperPort}`,
    ports,
    memoryMb: Math.max(0, Math.floor(node.memoryBytes / 1_048_576) - systemMb),
    awakeLimit: Number.isNaN(awakeLimit) ? null : awakeLimit,
    ownerId: node.labels[nodeLabels.owner] ?? null,
    isThere: node.isReady,
  };
}

/** A manager that leads may call itself 0.0.0.0. */
function ownAddress({ address, managerAddress }: EngineNode): string {
  return address === "0.0.0.0" || address === "" ? (managerAddress ?? "").replace(/:\d+$/, "") : address;
}
