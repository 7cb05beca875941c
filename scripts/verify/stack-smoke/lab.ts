import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { LAB_AGENTS } from "@automna/testkit/docker/lab-nodekeeper";
import { detachLoopsBelow, LAB_DEVICE_DIR } from "@automna/testkit/docker/sweep-labs";
import { loadImage } from "@automna/testkit/docker/image-builder";
import { startSwarmLab, type LabNode, type SwarmLab } from "@automna/testkit/docker/swarm-lab";
import { CELL_FOLDER } from "../../stack/secret-files.ts";
import type { ScenarioContext } from "../harness/scenario.ts";
import type { StackImages } from "./build-images.ts";
import { readCommands } from "./documents.ts";
import type { Operator } from "./operator.ts";

export interface StackLab {
  lab: SwarmLab;
  /** Carries the control plane. */
  control: LabNode;
  /** Carries agents. */
  worker: LabNode;
}

/** Port of egress on every edge node (compose/stack.yml). */
export const EGRESS_PORT = 4_080;
const KEEPER_PORT = 7_443;

/** A Swarm of two nodes that have every image of production, and nothing else. */
export async function startStackLab(ctx: ScenarioContext, images: StackImages): Promise<StackLab> {
  const lab = await startSwarmLab({ size: 2 });
  ctx.onCleanup("the lab", () => lab.remove());
  const [control, worker] = lab.nodes;
  ctx.must(control !== undefined && worker !== undefined, "the lab is a Swarm of two nodes");
  await Promise.all([loadImage(control.engine.docker, images.control), loadImage(worker.engine.docker, images.agents)]);
  return { lab, control, worker };
}

/** The agents' network and the nodes' labels, by the documents' commands. */
export async function prepareNodes({ lab, control, worker }: StackLab, operator: Operator): Promise<void> {
  const [ownPart = "", sharedName = ""] = readCommands("docs/install.md", "Machines");
  for (const { engine } of lab.nodes) await operator.run(engine.socketPath, ownPart);
  await operator.run(control.engine.socketPath, sharedName);
  const labels = readCommands("compose/README.md", "Nodes").map((line) =>
    line.replace("<node>", line.includes("role=agents") ? worker.name : control.name),
  );
  await operator.run(control.engine.socketPath, ...labels);
}

/** The folders on the node of the agents: nodes of a lab share one disk, so they can't be those of production. */
export function nodeFolders({ worker }: StackLab): { data: string; credentials: string } {
  const folder = join(worker.engine.socketPath, "..");
  return { data: join(folder, "keeper-data"), credentials: join(folder, "credentials") };
}

/** What docs/nodekeeper.md has an operator put on a new node, besides what is this machine's already. */
export function enrolNode(ctx: ScenarioContext, lab: StackLab, secrets: string): void {
  const { data, credentials } = nodeFolders(lab);
  const { worker } = lab;
  mkdirSync(data);
  mkdirSync(credentials, { mode: 0o700 });
  const copy = (from: string, to: string) => copyFileSync(join(secrets, CELL_FOLDER, from), join(credentials, to));
  copy("ca.pem", "ca.pem");
  copy(`node-${worker.name}.pem`, "certificate.pem");
  copy(`node-${worker.name}-key.pem`, "key.pem");
  const slots = () => (existsSync(join(data, "volumes")) ? readdirSync(join(data, "volumes")) : []);
  ctx.onCleanup("the slots' devices", async () => {
    for (const slotId of slots()) rmSync(join(LAB_DEVICE_DIR, slotId), { force: true });
    await detachLoopsBelow(join(worker.engine.socketPath, ".."));
  });
}

/** What the node's guard lets through: the control plane's node is proxy, caller and egress. */
export function guardJson({ control }: StackLab): string {
  return JSON.stringify({
    agentsBridge: LAB_AGENTS.bridge,
    agentsSubnet: LAB_AGENTS.subnet,
    privateInterface: "eth0",
    agentPorts: LAB_AGENTS.ports,
    proxies: [control.address],
    resolvers: [],
    egress: [{ address: control.address, port: EGRESS_PORT }],
    keeper: { port: KEEPER_PORT, callers: [control.address] },
  });
}
