import { statSync } from "node:fs";
import { LAB_AGENTS, LAB_INSTALLATION } from "@automna/testkit/docker/lab-nodekeeper";
import type { FakeAnthropic } from "@automna/testkit/fakes/anthropic";
import type { FakeClerk } from "@automna/testkit/fakes/clerk/fake-clerk";
import type { ScenarioContext } from "../harness/scenario.ts";
import { IMAGES, VERSION } from "./build-images.ts";
import type { DockerClient } from "./docker-client.ts";
import { pickCommand, readCommands } from "./documents.ts";
import { EGRESS_PORT, guardJson, nodeFolders, type StackLab } from "./lab.ts";
import type { Operator } from "./operator.ts";
import { untilUp } from "./tasks.ts";

export const STACKS = ["automna-data", "automna", "automna-cell"] as const;
export type StackName = (typeof STACKS)[number];

export interface Deployment {
  /** `docker stack deploy` of one stack, by the document's command and with what is in stack.env now. */
  deploy: (stack: StackName) => Promise<void>;
  /** Changes values of stack.env. */
  fillIn: Operator["fillIn"];
}

export interface Vendors {
  clerk: FakeClerk;
  model: FakeAnthropic;
  origin: string;
  agentImage: string;
}

/** The document's way from `cp compose/stack.env.example` on. */
export async function startDeployment(
  operator: Operator,
  lab: StackLab,
  values: Readonly<Record<string, string>>,
): Promise<Deployment> {
  const commands = readCommands("compose/README.md", "Deploy and upgrade");
  const { socketPath } = lab.control.engine;
  await operator.run(socketPath, pickCommand(commands, "cp "));
  operator.fillIn(values);
  const load = pickCommand(commands, "set -a;");
  return {
    async deploy(stack) {
      const deploys = commands.filter((line) => line.startsWith("docker stack deploy "));
      const line = deploys.find((each) => each.endsWith(` ${stack}`));
      if (line === undefined) throw new Error(`the document does not deploy ${stack}`);
      await operator.run(socketPath, load, line);
    },
    fillIn: operator.fillIn,
  };
}

/** All three, in the document's order, each until it is healthy. */
export async function deployAll(ctx: ScenarioContext, docker: DockerClient, deployment: Deployment): Promise<void> {
  const startedAt = Date.now();
  await deployment.deploy("automna-data");
  await untilUp(ctx, docker, "automna-data");
  await deployment.deploy("automna");
  await deployment.deploy("automna-cell");
  for (const stack of ["automna", "automna-cell"]) await untilUp(ctx, docker, stack);
  ctx.figure("from an empty Swarm to every service healthy", (Date.now() - startedAt) / 1000, "s");
}

/** What an operator fills in. */
export function stackValues(
  ctx: ScenarioContext,
  lab: StackLab,
  { clerk, model, origin, agentImage }: Vendors,
): Record<string, string> {
  const { control, worker } = lab;
  const folders = nodeFolders(lab);
  return {
    AUTOMNA_IMAGES: IMAGES,
    AUTOMNA_VERSION: VERSION,
    AUTOMNA_INSTALLATION: LAB_INSTALLATION,
    AUTOMNA_HOST: new URL(origin).hostname,
    AUTOMNA_ORIGIN: origin,
    APPS_ORIGIN: "https://apps.example",
    APPS_DOMAIN: "apps.example",
    DOCKER_SOCKET: control.engine.socketPath,
    DOCKER_SOCKET_GID: String(statSync(control.engine.socketPath).gid),
    CLERK_FRONTEND_URL: clerk.issuer,
    CLERK_PUBLISHABLE_KEY: clerk.publishableKey,
    CLERK_URL: clerk.url,
    MODEL_PROVIDER_URL: model.url,
    AGENT_IMAGE: agentImage,
    AGENT_REPOSITORIES: agentImage.replace(/:[^:]*$/, ""),
    AGENT_EGRESS_URLS: `http://${control.address}:${EGRESS_PORT}`,
    AGENT_PORTS: `${LAB_AGENTS.ports.first}-${LAB_AGENTS.ports.last}`,
    NODE_GUARD_JSON: guardJson(lab),
    NODE_DISK_RESERVE_MB: "64",
    NODE_DOCKER_SOCKET: worker.engine.socketPath,
    NODE_DATA_DIR: folders.data,
    NODE_CREDENTIALS_DIR: folders.credentials,
    REPLICAS: ctx.isQuick ? "1" : "2",
  };
}
