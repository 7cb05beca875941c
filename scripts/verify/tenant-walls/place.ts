import { deriveSlotKey, type SlotKeyPurpose } from "@automna/service-kit/slot-keys";
import type { LabNode } from "@automna/testkit/docker/swarm-lab";
import { labelNode } from "@automna/testkit/docker/lab-cell";
import { signIn, type ApiClient } from "@automna/testkit/api-client";
import { command } from "@automna/testkit/docker/command";
import type { ScenarioContext } from "../harness/scenario.ts";
import { untilReady } from "../steps/agent-life.ts";
import { queryDatabase } from "../steps/database.ts";
import { docker } from "../steps/walls/shell.ts";
import { startSwarmInstallation, type SwarmInstallation } from "../steps/swarm-cell.ts";

/** An agent in its slot, with what nobody but the test may know of it. */
export interface Tenant {
  customer: ApiClient;
  agentId: string;
  slotId: string;
  generation: number;
  node: LabNode;
  containerId: string;
  port: number;
  /** Its container's own address on the agents' bridge. */
  bridgeAddress: string;
  /** Pid of its first process, as this machine sees it. */
  pid: number;
  rootKey: Buffer;
}

/** Two agents on one node, a third on another, and a node that belongs to one customer. */
export interface Place {
  installation: SwarmInstallation;
  /** Agent A, whose shell the attacker has. */
  attacker: Tenant;
  /** Agent B, on A's node. */
  neighbour: Tenant;
  /** On another node. */
  remote: Tenant;
  dedicated: LabNode;
}

const AGENTS = 3;

export async function makePlace(ctx: ScenarioContext): Promise<Place> {
  const installation = await startSwarmInstallation(ctx, { agentNodes: 3, image: "tinyAgent" });
  const { product, fake, key, cell } = installation;
  fake.setReply(() => `Yes: ${fake.nonce}`);
  const dedicated = cell.agentNodes.at(-1);
  ctx.must(dedicated !== undefined, "the cell has three nodes for agents");
  const owner = await signIn(product.startLink, "owner@example.com");
  await labelNode(cell.manager, dedicated, { "automna.owner": owner.userId() });
  await ctx.eventually("one node is its customer's alone", async () => {
    const rows = await queryDatabase(product, "SELECT 1 FROM nodes WHERE id = $1 AND owner_id = $2", [
      dedicated.nodeId,
      owner.userId(),
    ]);
    return rows.length === 1 ? true : null;
  });

  const customers: ApiClient[] = [];
  for (let index = 0; index < AGENTS; index += 1) {
    const customer = await signIn(await product.newStartLink(), `tenant-${index}@example.com`);
    ctx.must((await customer.putKey(key)).status === 200, "a customer's key is accepted");
    await customer.deploy({ name: `Tenant ${index}`, personality: "", modelSource: "byok" });
    customers.push(customer);
  }
  await Promise.all(customers.map((customer) => untilReady(ctx, customer)));
  const tenants = await Promise.all(customers.map((customer) => findTenant(ctx, installation, customer)));
  const isDedicated = ({ node }: Tenant) => node.nodeId === dedicated.nodeId;
  ctx.hold(!tenants.some(isDedicated), "nobody else's agent is on the node that is one customer's");
  // Three on two nodes: two of them share one.
  const [attacker, neighbour] = tenants.flatMap((tenant, index) => {
    const other = tenants.slice(index + 1).find(({ node }) => node === tenant.node);
    return other === undefined ? [] : [tenant, other];
  });
  const remote = tenants.find(({ node }) => node !== attacker?.node);
  ctx.must(
    attacker !== undefined && neighbour !== undefined && remote !== undefined,
    "two agents share a node, a third has another",
    tenants.map(({ node }) => node.name),
  );
  return { installation, attacker, neighbour, remote, dedicated };
}

interface SlotRow {
  agent_id: string;
  id: string;
  node_id: string;
  port: number;
  key_generation: number;
}

async function findTenant(
  ctx: ScenarioContext,
  { product, cell }: SwarmInstallation,
  customer: ApiClient,
): Promise<Tenant> {
  const [row] = await queryDatabase<SlotRow>(
    product,
    "SELECT a.id AS agent_id, s.id, s.node_id, s.port, s.key_generation FROM agents a JOIN slots s ON s.id = a.slot_id WHERE a.user_id = $1",
    [customer.userId()],
  );
  const node = cell.agentNodes.find(({ nodeId }) => nodeId === row?.node_id);
  ctx.must(row !== undefined && node !== undefined, "the customer's agent has a slot on a node");
  const [found] = await node.engine.docker.listContainers({ filters: { label: [`automna.slot=${row.id}`] } });
  ctx.must(found !== undefined, "and a container");
  const { State: state, NetworkSettings: network } = await node.engine.docker.getContainer(found.Id).inspect();
  return {
    customer,
    agentId: row.agent_id,
    slotId: row.id,
    generation: row.key_generation,
    node,
    containerId: found.Id,
    port: row.port,
    bridgeAddress: network.Networks[cell.network]?.IPAddress ?? "",
    pid: state.Pid,
    rootKey: Buffer.from(
      await command([...docker(node), "exec", "--user=10001", found.Id, "cat", "/run/secrets/slot-root-key"]),
      "base64url",
    ),
  };
}

/** A slot's key for one use, as its agentd and the platform derive it. */
export function keyOf({ rootKey, slotId, generation }: Tenant, purpose: SlotKeyPurpose): string {
  return deriveSlotKey(rootKey, purpose, slotId, generation);
}

/** Runs a program in the node's network, as root there. */
export function inNode(node: Pick<LabNode, "namespace">, ...argv: string[]): Promise<string> {
  return command(["nsenter", `--net=/var/run/netns/${node.namespace}`, ...argv]);
}
