import type { LabNode } from "@automna/testkit/docker/swarm-lab";
import type { ScenarioContext } from "../harness/scenario.ts";
import { dockerClient } from "./docker-client.ts";
import { pickCommand, readCommands } from "./documents.ts";
import type { StackLab } from "./lab.ts";
import type { Operator } from "./operator.ts";

/** What an engine has, by kind: names of everything. */
export type Inventory = Readonly<Record<string, readonly string[]>>;

const kinds = {
  services: ["service", "ls", "--format", "{{.Name}}"],
  secrets: ["secret", "ls", "--format", "{{.Name}}"],
  configs: ["config", "ls", "--format", "{{.Name}}"],
  stacks: ["stack", "ls", "--format", "{{.Name}}"],
  containers: ["container", "ls", "--all", "--format", "{{.Names}}"],
  networks: ["network", "ls", "--format", "{{.Name}}"],
  volumes: ["volume", "ls", "--format", "{{.Name}}"],
} as const;
const OF_MANAGERS: readonly string[] = ["services", "secrets", "configs", "stacks"];
/** The engines' own, which come with the first published port or overlay network and stay. */
const OF_ENGINES = ["ingress", "docker_gwbridge"];

export async function takeInventory({ lab, control }: StackLab): Promise<Map<string, Inventory>> {
  const all = new Map<string, Inventory>();
  for (const node of lab.nodes) all.set(node.name, await inventoryOf(node, node === control));
  return all;
}

async function inventoryOf(node: LabNode, isManager: boolean): Promise<Inventory> {
  const docker = dockerClient(node);
  const entries = Object.entries(kinds)
    .filter(([kind]) => isManager || !OF_MANAGERS.includes(kind))
    .map(async ([kind, list]) => {
      const names = await docker.lines(...list);
      return [kind, names.filter((name) => !OF_ENGINES.includes(name)).toSorted()] as const;
    });
  return Object.fromEntries(await Promise.all(entries));
}

/** As the document tells to remove everything: afterwards there is what was there before, and the volumes. */
export async function removeAll(
  ctx: ScenarioContext,
  operator: Operator,
  stackLab: StackLab,
  before: ReadonlyMap<string, Inventory>,
): Promise<void> {
  const full = await takeInventory(stackLab);
  for (const [node, inventory] of full)
    ctx.log(
      `  ${node} has ${Object.entries(inventory)
        .map(([kind, names]) => `${names.length} ${kind}`)
        .join(", ")}`,
    );
  const load = pickCommand(readCommands("compose/README.md", "Deploy and upgrade"), "set -a;");
  await operator.run(stackLab.control.engine.socketPath, load, ...readCommands("compose/README.md", "Remove"));

  let left: string[] = [];
  const isRemoved = async () => {
    const now = await takeInventory(stackLab);
    left = [...now].flatMap(([node, inventory]) =>
      Object.entries(inventory)
        .filter(([kind]) => kind !== "volumes")
        .flatMap(([kind, names]) => names.filter((name) => !before.get(node)?.[kind]?.includes(name)))
        .map((name) => `${node}: ${name}`),
    );
    return left.length === 0 ? now : null;
  };
  const startedAt = Date.now();
  const now = await ctx
    .eventually(
      "after removing there is no service, container, network, config or secret that was not there before",
      isRemoved,
      {
        timeoutMs: 120_000,
        everyMs: 500,
      },
    )
    .catch((error: unknown) => {
      ctx.log(`    left: ${left.join(", ")}`);
      throw error;
    });
  ctx.figure("from the command to nothing left", (Date.now() - startedAt) / 1000, "s");
  const gone = [...before].flatMap(([node, inventory]) =>
    Object.entries(inventory).flatMap(([kind, names]) =>
      names.filter((name) => !now.get(node)?.[kind]?.includes(name)).map((name) => `${node}: ${name}`),
    ),
  );
  ctx.hold(gone.length === 0, "and all of that is still there", gone);
  const volumes = [...now].map(([node, inventory]) => [node, inventory["volumes"] ?? []] as const);
  const control = volumes.find(([node]) => node === stackLab.control.name)?.[1] ?? [];
  const worker = volumes.find(([node]) => node === stackLab.worker.name)?.[1] ?? [];
  ctx.hold(control.join() === "automna-postgres,automna-redis", "left are the volumes with the data", control);
  ctx.hold(
    worker.length === 1 && worker.every((name) => name.startsWith("automna-slt_")),
    "and the agent's volume",
    worker,
  );
}
