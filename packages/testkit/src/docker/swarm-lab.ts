import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { startEngine, type Engine } from "./engine.ts";
import { makeLabNetwork, type LabNetwork } from "./lab-network.ts";
import { LABS_FOLDER, sweepLabs } from "./sweep-labs.ts";

export interface LabNode {
  name: string;
  address: string;
  engine: Engine;
  /** Network namespace that the node lives in. */
  namespace: string;
  /** Swarm's id of the node. */
  nodeId: string;
}

/** A real Swarm of engines of our own, one manager and workers, on a wire that leads nowhere else. */
export interface SwarmLab {
  network: LabNetwork;
  nodes: readonly LabNode[];
  manager: LabNode;
  remove: () => Promise<void>;
}

/** What production gives its engines. */
const infra = (file: string) => fileURLToPath(new URL(`../../../../infra/${file}`, import.meta.url));
const FIRST_HOST_BYTE = 11;

export interface SwarmLabOptions {
  size: number;
  /** As in production, engines forget their networks before they start; without that some can't be used any more. */
  isForgetful?: boolean;
}

export async function startSwarmLab({ size, isForgetful = true }: SwarmLabOptions): Promise<SwarmLab> {
  await sweepLabs();
  const id = randomBytes(3).toString("hex");
  const folder = join(LABS_FOLDER, id);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, "owner"), String(process.pid));
  const network = await makeLabNetwork(id);
  const nodes: LabNode[] = [];

  const remove = async () => {
    await Promise.all(nodes.map(({ engine }) => engine.remove()));
    await network.remove();
    await rm(folder, { recursive: true, force: true });
  };

  const startNode = async (index: number) => {
    const name = `node${index + 1}`;
    const address = `${network.prefix}.${FIRST_HOST_BYTE + index}`;
    const namespace = await network.addNode({ name, address });
    const engine = await startEngine({
      name,
      folder: join(folder, name),
      namespace,
      args: [`--config-file=${infra("daemon.json")}`],
      ...(isForgetful ? { beforeStart: infra("forget-networks.sh") } : {}),
    });
    nodes.push({ name, address, engine, namespace, nodeId: "" });
  };

  try {
    for (let index = 0; index < size; index += 1) await startNode(index);
    await joinAll(nodes);
  } catch (error) {
    await remove();
    throw error;
  }
  const [manager] = nodes;
  if (manager === undefined) throw new Error("a Swarm has at least one node");
  return { network, nodes, manager, remove };
}

async function joinAll(nodes: LabNode[]): Promise<void> {
  const [manager, ...workers] = nodes;
  if (manager === undefined) return;
  await manager.engine.docker.swarmInit({ AdvertiseAddr: manager.address, ListenAddr: `${manager.address}:2377` });
  const swarm = (await manager.engine.docker.swarmInspect()) as { JoinTokens: { Worker: string } };
  for (const { engine, address } of workers) {
    await engine.docker.swarmJoin({
      AdvertiseAddr: address,
      ListenAddr: `${address}:2377`,
      RemoteAddrs: [`${manager.address}:2377`],
      JoinToken: swarm.JoinTokens.Worker,
    });
  }
  for (const node of nodes) node.nodeId = await untilListed(manager, node.name);
}

async function untilListed({ engine }: LabNode, name: string): Promise<string> {
  for (let tries = 0; tries < 300; tries += 1) {
    const listed = (await engine.docker.listNodes()) as {
      ID: string;
      Description?: { Hostname?: string };
      Status?: { State?: string };
    }[];
    const found = listed.find(({ Description, Status }) => Description?.Hostname === name && Status?.State === "ready");
    if (found !== undefined) return found.ID;
    await sleep(100);
  }
  throw new Error(`${name} did not become ready`);
}
