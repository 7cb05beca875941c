import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isRunning, listProcesses } from "../processes.ts";
import { command } from "./command.ts";
import { loadImage } from "./image-builder.ts";
import { buildTestImage, testImages } from "./images.ts";
import { LABS_FOLDER, sweepLabs } from "./sweep-labs.ts";
import { startSwarmLab, type SwarmLab } from "./swarm-lab.ts";

let lab: SwarmLab;
beforeAll(async () => {
  lab = await startSwarmLab({ size: 3 });
});
afterAll(() => lab.remove());

/** Everything of labs that this machine shows. */
async function traces(id: string): Promise<string[]> {
  const links = await command(["ip", "-oneline", "link"]);
  const namespaces = await command(["ip", "netns", "list"]);
  const mounts = readFileSync("/proc/self/mountinfo", "utf8");
  return [links, namespaces, mounts]
    .flatMap((text) => text.split("\n"))
    .concat(listProcesses().map(({ command: line }) => line))
    .filter(
      (line) => line.includes(`atm${id}`) || line.includes(`atm-${id}-`) || line.includes(`${LABS_FOLDER}/${id}`),
    );
}

test("is one Swarm of three nodes that this machine reaches and that reach nothing else", async () => {
  const listed = (await lab.manager.engine.docker.listNodes()) as { Status?: { State?: string } }[];
  expect(listed.map(({ Status }) => Status?.State)).toEqual(["ready", "ready", "ready"]);
  for (const { namespace } of lab.nodes) {
    const routes = await command(["ip", "-n", namespace, "route"]);
    expect(routes).not.toContain("default");
  }
});

test("runs an image of production's Dockerfile on the node that a service is pinned to", async () => {
  const tar = await buildTestImage("tinyAgent");
  const [, , third] = lab.nodes;
  if (third === undefined) throw new Error("no third node");
  await loadImage(third.engine.docker, tar);
  await lab.manager.engine.docker.createService({
    Name: "version",
    TaskTemplate: {
      ContainerSpec: {
        Image: testImages.tinyAgent.tag,
        Command: ["node", "-e", "require('http').createServer((_, r) => r.end(process.version)).listen(80)"],
      },
      Placement: { Constraints: [`node.id==${third.nodeId}`] },
    },
    EndpointSpec: {
      Mode: "dnsrr",
      Ports: [{ Protocol: "tcp", TargetPort: 80, PublishedPort: 20_001, PublishMode: "host" }],
    },
  });
  await expect
    .poll(() => fetch(`http://${third.address}:20001/`).then((answer) => answer.text(), String), { timeout: 60_000 })
    .toBe(process.version);
});

test("a lab whose owner was killed is swept away whole by the next one, with what is frozen there", async () => {
  const owner = spawn(process.execPath, [fileURLToPath(new URL("abandoned-lab-under-test.ts", import.meta.url))], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [printed] = (await once(owner.stdout, "data")) as [Buffer];
  const id = printed.toString("utf8").trim();
  expect(await traces(id)).toContainEqual(expect.stringMatching(/^node -e .*setInterval/));
  owner.kill("SIGKILL");
  await once(owner, "exit");
  expect(isRunning(owner.pid ?? -1)).toBe(false);
  await sweepLabs();
  expect(await traces(id)).toEqual([]);
  expect(existsSync(`${LABS_FOLDER}/${id}`)).toBe(false);
  expect(await traces(lab.network.id), "a lab in use stays").not.toEqual([]);
});
