import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { idFrom } from "@automna/core/shared/ids";
import { AGENTS_NETWORK, makeAgentsNetwork } from "@automna/testkit/docker/lab-cell";
import { loadImage } from "@automna/testkit/docker/image-builder";
import { buildTestImage, testImages } from "@automna/testkit/docker/images";
import { command } from "@automna/testkit/docker/command";
import {
  LAB_AGENTS,
  makeCellCertificates,
  startNodekeeper,
  type LabNodekeeper,
} from "@automna/testkit/docker/lab-nodekeeper";
import { detachLoopsBelow } from "@automna/testkit/docker/sweep-labs";
import { startSwarmLab, type LabNode, type SwarmLab } from "@automna/testkit/docker/swarm-lab";
import { afterEach, expect, test } from "vitest";

let lab: SwarmLab;
let keeper: LabNodekeeper;
afterEach(async () => {
  await lab.remove();
  await keeper.remove();
});

async function startNode(isForgetful: boolean): Promise<LabNode> {
  lab = await startSwarmLab({ size: 2, isForgetful });
  await makeAgentsNetwork(lab, [lab.manager]);
  const node = lab.nodes[1] ?? lab.manager;
  keeper = await startNodekeeper({ lab, node, certificates: await makeCellCertificates() });
  await loadImage(node.engine.docker, await buildTestImage("tinyAgent"));
  return node;
}

const SITTER_PORT = 20_000;
/** Something that sits on the agents' network of that node and answers, as slots do: never started again by Swarm itself. */
const service = ({ nodeId }: LabNode, run: number) => ({
  Name: "sitter",
  TaskTemplate: {
    ContainerSpec: { Image: testImages.tinyAgent.tag, Command: answering(run), Init: true },
    RestartPolicy: { Condition: "none" as const },
    Placement: { Constraints: [`node.id==${nodeId}`] },
    Networks: [{ Target: AGENTS_NETWORK.name }],
    ForceUpdate: run,
  },
  EndpointSpec: {
    Mode: "dnsrr" as const,
    Ports: [{ Protocol: "tcp" as const, TargetPort: 80, PublishedPort: SITTER_PORT, PublishMode: "host" as const }],
  },
});
const answering = (run: number) => ["node", "-e", `require("http").createServer((_, r) => r.end("${run}")).listen(80)`];

async function startAgain(node: LabNode, run: number): Promise<string> {
  // As the provisioner does before each start.
  const slotId = idFrom("slt", randomBytes(20));
  for (const [method, path] of [
    ["PUT", "volume"],
    ["POST", "volume/attach"],
  ] as const) {
    const body = path === "volume" ? { sizeMb: 32 } : undefined;
    const answer = await keeper.call({ method, path: `/v1/slots/${slotId}/${path}`, fencing: 1, body });
    expect(answer, answer.body.toString()).toMatchObject({ status: 200 });
  }
  const { docker } = lab.manager.engine;
  const [found] = await docker.listServices();
  if (found === undefined) await docker.createService(service(node, run));
  else await docker.getService(found.ID).update({ ...service(node, run), version: found.Version?.Index ?? 0 });
  return untilSettled(run);
}

/** What became of the task of that run: `running`, or what Swarm says against it. */
async function untilSettled(run: number): Promise<string> {
  let said = "";
  const look = async () => {
    const tasks = (await lab.manager.engine.docker.listTasks()) as {
      Spec: { ForceUpdate?: number };
      Status: { State: string; Err?: string };
    }[];
    const task = tasks.find(({ Spec }) => (Spec.ForceUpdate ?? 0) === run);
    said = task?.Status.State === "running" ? "running" : (task?.Status.Err ?? "");
    return said === "running" || ["rejected", "failed"].includes(task?.Status.State ?? "");
  };
  await expect.poll(look, { timeout: 60_000, interval: 250 }).toBe(true);
  return said;
}

async function loseAndReturn({ engine }: LabNode): Promise<void> {
  await keeper.kill();
  await engine.killAll();
  await detachLoopsBelow(dirname(engine.socketPath));
  await engine.start();
  await keeper.start();
}

test("agents start on a node whose machine went without a warning, and after its engine was killed alone", async () => {
  const node = await startNode(true);
  expect(await startAgain(node, 1)).toBe("running");
  await loseAndReturn(node);
  expect(await startAgain(node, 2)).toBe("running");
  // nodekeeper lives on, and learns it when the next slot is to start.
  await node.engine.killDaemon();
  await node.engine.start();
  expect(await startAgain(node, 3)).toBe("running");
  // Twice is the same as once.
  const named = (await node.engine.docker.listNetworks()).filter(({ Name: name }) => name === AGENTS_NETWORK.part);
  expect(named).toHaveLength(1);
});

test("an agent is reached on a node whose engine was killed while others ran: nothing of theirs has its address", async () => {
  const node = await startNode(true);
  const answered = () =>
    fetch(`http://${node.address}:${SITTER_PORT}/`, { signal: AbortSignal.timeout(2_000) }).then((told) => told.text());
  expect(await startAgain(node, 1)).toBe("running");
  await expect.poll(() => answered().catch(String), { timeout: 30_000 }).toBe("1");
  await node.engine.killDaemon();
  await node.engine.start();
  expect(await startAgain(node, 2)).toBe("running");
  await expect.poll(() => answered().catch(String), { timeout: 30_000 }).toBe("2");
  const ports = await command(["ip", "-n", node.namespace, "-oneline", "link", "show", "master", LAB_AGENTS.bridge]);
  expect(ports.trim().split("\n")).toHaveLength(1);
});

test("an engine that remembers its networks starts none there any more: what the start script is for", async () => {
  const node = await startNode(false);
  expect(await startAgain(node, 1)).toBe("running");
  await loseAndReturn(node);
  expect(await startAgain(node, 2)).toMatch(/^network \w+ exists$/);
});
