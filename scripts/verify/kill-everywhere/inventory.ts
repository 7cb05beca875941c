import { slotResourceName } from "@automna/contract/nodekeeper";
import type { Slot } from "@automna/prisma/generated/client";
import type { World } from "./world.ts";

/** What there is of slots, by everybody who could have something: each list sorted, double entries kept. */
export interface Inventory {
  records: string[];
  services: string[];
  secrets: string[];
  /** `node volume`, by the nodes' nodekeepers. */
  volumes: string[];
  engineVolumes: string[];
  /** `node service`: what runs. */
  containers: string[];
  ports: string[];
}

export interface LivingAgent {
  slot: Slot;
  runs: boolean;
}

/** What there is to be: of each living agent one of everything, of others nothing. */
export function expectedInventory(agents: readonly LivingAgent[]): Inventory {
  const name = ({ slot }: LivingAgent) => slotResourceName(slot.id);
  const onNode = (agent: LivingAgent) => `${agent.slot.nodeId} ${name(agent)}`;
  const all = (toText: (agent: LivingAgent) => string, of = agents) => of.map(toText).toSorted();
  return {
    records: all(({ slot }) => slot.id),
    services: all(name),
    secrets: all((agent) => `${name(agent)}-root-key`),
    volumes: all(({ slot }) => `${slot.nodeId} ${slot.id}`),
    engineVolumes: all(onNode),
    containers: all(
      onNode,
      agents.filter(({ runs }) => runs),
    ),
    ports: all(({ slot }) => `${slot.nodeId} ${slot.port}`),
  };
}

export async function takeInventory({ cell, db }: World): Promise<Inventory> {
  const { docker } = cell.manager.engine;
  const records = await db.admin.slot.findMany({ where: { releasedAt: null } });
  const services = await docker.listServices();
  const secrets = await docker.listSecrets();
  const inventory: Inventory = {
    records: records.map(({ id }) => id).toSorted(),
    services: services.map(({ Spec: spec }) => spec?.Name ?? "").toSorted(),
    secrets: secrets.map(({ Spec: spec }) => spec?.Name ?? "").toSorted(),
    volumes: [],
    engineVolumes: [],
    containers: [],
    ports: services.flatMap(portsOf).toSorted(),
  };
  for (const { nodeId, engine } of cell.agentNodes) {
    const kept = (await cell.keepers.get(nodeId)?.call({ path: "/v1/slots" }))?.json() as { slotId: string }[];
    const { Volumes: volumes } = await engine.docker.listVolumes();
    const running = await engine.docker.listContainers();
    inventory.volumes.push(...kept.map(({ slotId }) => `${nodeId} ${slotId}`));
    inventory.engineVolumes.push(...volumes.map(({ Name: name }) => `${nodeId} ${name}`));
    inventory.containers.push(
      ...running.map(({ Labels: labels }) => `${nodeId} ${labels["com.docker.swarm.service.name"]}`),
    );
  }
  for (const key of ["volumes", "engineVolumes", "containers"] as const) inventory[key].sort();
  return inventory;
}

/** The node that a service is pinned to, and each port that it publishes. */
function portsOf({ Spec: spec }: { Spec?: unknown }): string[] {
  const { TaskTemplate: task, EndpointSpec: endpoint } = spec as {
    TaskTemplate?: { Placement?: { Constraints?: string[] } };
    EndpointSpec?: { Ports?: { PublishedPort?: number }[] };
  };
  const nodeId = task?.Placement?.Constraints?.map((each) => /^node\.id==(\w+)$/.exec(each)?.[1]).find(Boolean);
  return (endpoint?.Ports ?? []).map(({ PublishedPort: port }) => `${nodeId} ${port}`);
}

/** What is there and should not be, and the other way round; empty = exactly what there is to be. */
export function compareInventories(wanted: Inventory, found: Inventory): string[] {
  return (Object.keys(wanted) as (keyof Inventory)[]).flatMap((kind) => {
    const [left, extra] = [[...wanted[kind]], [...found[kind]]];
    for (const each of wanted[kind]) {
      if (!extra.includes(each)) continue;
      extra.splice(extra.indexOf(each), 1);
      left.splice(left.indexOf(each), 1);
    }
    return [
      ...extra.map((each) => `${kind}: ${each} is one too many`),
      ...left.map((each) => `${kind}: ${each} is missing`),
    ];
  });
}
