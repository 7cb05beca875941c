import { LAB_AGENTS, LAB_INSTALLATION, makeCellCertificates, startNodekeeper } from "./lab-nodekeeper.ts";
import type { CellCertificates, LabNodekeeper } from "./lab-nodekeeper.ts";
import { loadImage } from "./image-builder.ts";
import { startSwarmLab, type LabNode, type SwarmLab } from "./swarm-lab.ts";

/** A lab that carries slots: a manager that runs none, and nodes with the agents' network and a nodekeeper each. */
export interface LabCell {
  lab: SwarmLab;
  manager: LabNode;
  /** In the order of the lab. */
  agentNodes: readonly LabNode[];
  keepers: ReadonlyMap<string, LabNodekeeper>;
  certificates: CellCertificates;
  installId: string;
  network: string;
  ports: { first: number; last: number };
  remove: () => Promise<void>;
}

export interface LabCellOptions {
  /** Nodes that carry slots, besides the manager. */
  agentNodes: number;
  /** Tars of images that every one of them gets. */
  images: readonly string[];
  /** Port of this machine's address on the wire that agents may reach: a model's stand-in, or egress. */
  egressPort?: number;
}

/** The agents' network, and what each node makes its part of it from. */
export const AGENTS_NETWORK = { name: "automna-agents", part: "automna-agents-config" } as const;

export async function startLabCell({ agentNodes: count, images, egressPort }: LabCellOptions): Promise<LabCell> {
  const lab = await startSwarmLab({ size: count + 1 });
  const keepers = new Map<string, LabNodekeeper>();
  const remove = async () => {
    await lab.remove();
    await Promise.all([...keepers.values()].map((keeper) => keeper.remove()));
  };
  try {
    const [manager, ...agentNodes] = lab.nodes;
    if (manager === undefined) throw new Error("a Swarm has a manager");
    const certificates = await makeCellCertificates();
    const prepare = async (node: LabNode) => {
      for (const tar of images) await loadImage(node.engine.docker, tar);
      const egress = egressPort === undefined ? [] : [{ address: lab.network.hostAddress, port: egressPort }];
      keepers.set(node.nodeId, await startNodekeeper({ lab, node, certificates, guard: { egress } }));
    };
    await Promise.all(agentNodes.map(prepare));
    // The other nodes have their part from their nodekeepers.
    await makeAgentsNetwork(lab, [manager]);
    for (const node of agentNodes) await labelNode(manager, node, { "automna.role": "agents" });
    return {
      lab,
      manager,
      agentNodes,
      keepers,
      certificates,
      installId: LAB_INSTALLATION,
      network: AGENTS_NETWORK.name,
      ports: LAB_AGENTS.ports,
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Design D5: a bridge of each node's own, made from that node's settings, under one name for the whole Swarm. */
export async function makeAgentsNetwork(
  { nodes, manager }: SwarmLab,
  parts: readonly LabNode[] = nodes,
): Promise<void> {
  for (const { engine } of parts) {
    await engine.docker.createNetwork({
      Name: AGENTS_NETWORK.part,
      ConfigOnly: true,
      IPAM: { Config: [{ Subnet: LAB_AGENTS.subnet }] },
      Options: {
        "com.docker.network.bridge.name": LAB_AGENTS.bridge,
        "com.docker.network.bridge.enable_icc": "false",
      },
    });
  }
  await manager.engine.docker.createNetwork({
    Name: AGENTS_NETWORK.name,
    Driver: "bridge",
    Scope: "swarm",
    ConfigFrom: { Network: AGENTS_NETWORK.part },
  });
}

/** Adds labels to a node, as operators do. */
export async function labelNode(manager: LabNode, node: LabNode, labels: Record<string, string>): Promise<void> {
  const handle = manager.engine.docker.getNode(node.nodeId);
  const { Spec: spec, Version: version } = (await handle.inspect()) as {
    Spec: { Labels?: Record<string, string> };
    Version: { Index: number };
  };
  await handle.update({ ...spec, Labels: { ...spec.Labels, ...labels }, version: version.Index });
}
