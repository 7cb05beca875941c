import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nodeCertificateName, nodekeeperHealthSchema, nodeSlotSchema, slotDevice } from "@automna/contract/nodekeeper";
import { idFrom } from "@automna/core/shared/ids";
import { command } from "@automna/testkit/docker/command";
import { loadImage } from "@automna/testkit/docker/image-builder";
import { buildTestImage, testImages } from "@automna/testkit/docker/images";
import {
  callKeeper,
  LAB_AGENTS,
  LAB_INSTALLATION,
  makeCellCertificates,
  type CellCertificates,
  type KeeperCall,
} from "@automna/testkit/docker/lab-nodekeeper";
import { detachLoopsBelow } from "@automna/testkit/docker/sweep-labs";
import { startSwarmLab, type LabNode, type SwarmLab } from "@automna/testkit/docker/swarm-lab";
import { afterAll, beforeAll, expect, test } from "vitest";
import { KEEPER_CONTAINER } from "./keeper-container.ts";

const PORT = 7443;
let lab: SwarmLab;
let certificates: CellCertificates;
const slotIds: string[] = [];

/** Nodes of a lab share one disk, so their folders go by another name than production's, each by its own host name. */
const folderOf = (node: LabNode) => join(node.engine.socketPath, "..");

beforeAll(async () => {
  lab = await startSwarmLab({ size: 2 });
  certificates = await makeCellCertificates();
  const tar = await buildTestImage("nodekeeper");
  for (const node of lab.nodes) {
    await loadImage(node.engine.docker, tar);
    const credentials = join(folderOf(node), "credentials");
    mkdirSync(credentials, { mode: 0o700 });
    mkdirSync(join(folderOf(node), "keeper-data"));
    const own = await certificates.sign(nodeCertificateName(node.name), "server");
    writeFileSync(join(credentials, "ca.pem"), certificates.authority.certificate);
    writeFileSync(join(credentials, "certificate.pem"), own.certificate);
    writeFileSync(join(credentials, "key.pem"), own.key, { mode: 0o600 });
  }
});
afterAll(async () => {
  for (const node of lab.nodes) await detachLoopsBelow(folderOf(node));
  await lab.remove();
});

const guard = () =>
  JSON.stringify({
    agentsBridge: LAB_AGENTS.bridge,
    agentsSubnet: LAB_AGENTS.subnet,
    privateInterface: "eth0",
    agentPorts: LAB_AGENTS.ports,
    proxies: [lab.network.hostAddress],
    resolvers: [],
    egress: [],
    keeper: { port: PORT, callers: [lab.network.hostAddress] },
  });

/** As compose/cell.yml has it, but for the folders. */
const service = (env: readonly string[] = []) => ({
  Name: "nodekeeper",
  Mode: { Global: {} },
  EndpointSpec: { Mode: "dnsrr" as const },
  TaskTemplate: {
    ContainerSpec: {
      Image: testImages.nodekeeper.tag,
      Env: [
        "NODEKEEPER_NODE={{.Node.Hostname}}",
        `NODEKEEPER_INSTALLATION=${LAB_INSTALLATION}`,
        `NODEKEEPER_GUARD_JSON=${guard()}`,
        "NODEKEEPER_DISK_RESERVE_MB=64",
        `LAUNCHER_NODE_SOCKET=${dirOfNodes()}/{{.Node.Hostname}}/docker.sock`,
        `LAUNCHER_DATA_DIR=${dirOfNodes()}/{{.Node.Hostname}}/keeper-data`,
        `LAUNCHER_CREDENTIALS_DIR=${dirOfNodes()}/{{.Node.Hostname}}/credentials`,
        ...env,
      ],
      ReadOnly: true,
      CapabilityDrop: ["ALL"],
      Mounts: [
        {
          Type: "bind" as const,
          Source: `${dirOfNodes()}/{{.Node.Hostname}}/docker.sock`,
          Target: "/var/run/docker.sock",
        },
      ],
    },
    RestartPolicy: { Condition: "any" as const },
  },
});
const dirOfNodes = () => join(folderOf(lab.manager), "..");

const call = (node: LabNode, asked: KeeperCall) =>
  callKeeper({ host: node.address, port: PORT, name: node.name, certificates }, asked);
const health = async (node: LabNode) => {
  const answer = await call(node, { path: "/v1/health" }).catch(() => null);
  return answer === null ? null : nodekeeperHealthSchema.parse(answer.json());
};
const kept = (node: LabNode) => node.engine.docker.getContainer(KEEPER_CONTAINER);

test("a global service starts nodekeeper on every node, with four capabilities and no more, and it can do its work", async () => {
  await lab.manager.engine.docker.createService(service());
  for (const node of lab.nodes) {
    await expect.poll(() => health(node), { timeout: 60_000 }).toMatchObject({ isHealthy: true, node: node.name });
    const { HostConfig: host } = await kept(node).inspect();
    expect(host).toMatchObject({
      Privileged: false,
      ReadonlyRootfs: true,
      // The engine adds what SELinux wants of a container in the node's PID namespace.
      SecurityOpt: expect.arrayContaining(["no-new-privileges"]),
      CapDrop: ["ALL"],
    });
    const status = await command([
      "sh",
      "-c",
      'cat "/proc/$1/status"',
      "sh",
      String((await kept(node).inspect()).State.Pid),
    ]);
    // CHOWN (0), DAC_READ_SEARCH (2), KILL (5), NET_ADMIN (12).
    expect(/^CapBnd:\s+(\w+)$/m.exec(status)?.[1]).toBe("0000000000001025");
    const slotId = idFrom("slt", randomBytes(20));
    slotIds.push(slotId);
    const change = (method: string, path: string, body?: unknown) =>
      call(node, { method, path: `/v1/slots/${slotId}/${path}`, fencing: 1, body });
    for (const answer of [
      await change("PUT", "volume", { sizeMb: 32 }),
      await change("PUT", "snapshots/one"),
      await change("POST", "volume/grow", { sizeMb: 64 }),
      await change("POST", "snapshots/one/restore"),
      await change("POST", "stop", { graceMs: 0 }),
    ])
      expect(answer, answer.body.toString()).toMatchObject({ status: 200 });
    const seen = nodeSlotSchema.parse((await call(node, { path: `/v1/slots/${slotId}` })).json());
    expect(seen.volume).toMatchObject({ sizeMb: 32, device: slotDevice(slotId) });
    const table = await command([
      "nsenter",
      `--net=/var/run/netns/${node.namespace}`,
      "nft",
      "list",
      "table",
      "inet",
      "automna_guard",
    ]);
    expect(table).toContain("from_agents");
  }
});

test("one that was killed, or removed, is there again within seconds", async () => {
  const node = lab.manager;
  await kept(node).kill();
  await expect.poll(() => health(node), { timeout: 30_000 }).toMatchObject({ isHealthy: true });
  await kept(node).remove({ force: true });
  await expect.poll(() => health(node), { timeout: 30_000 }).toMatchObject({ isHealthy: true });
  expect(
    nodeSlotSchema.parse((await call(node, { path: `/v1/slots/${slotIds[0]}` })).json()).volume?.device,
  ).not.toBeNull();
});

test("an update of the service is an update of nodekeeper, and the end of the service is its end; walls and devices stay", async () => {
  const { docker } = lab.manager.engine;
  const before = (await kept(lab.manager).inspect()).Id;
  const running = docker.getService("nodekeeper");
  const { Version: version } = (await running.inspect()) as { Version: { Index: number } };
  await running.update({ version: version.Index, ...service(["NODEKEEPER_GUARD_CHECK_MS=1500"]) });
  await expect
    .poll(
      () =>
        kept(lab.manager)
          .inspect()
          .then(
            ({ Id, Config }) => Id !== before && Config.Env.includes("NODEKEEPER_GUARD_CHECK_MS=1500"),
            () => false,
          ),
      { timeout: 60_000 },
    )
    .toBe(true);
  await expect.poll(() => health(lab.manager), { timeout: 30_000 }).toMatchObject({ isHealthy: true });
  await running.remove();
  await expect
    .poll(
      () =>
        kept(lab.manager)
          .inspect()
          .then(
            () => "there",
            () => "gone",
          ),
      { timeout: 60_000 },
    )
    .toBe("gone");
  await command([
    "nsenter",
    `--net=/var/run/netns/${lab.manager.namespace}`,
    "nft",
    "list",
    "table",
    "inet",
    "automna_guard",
  ]);
  await command(["blockdev", "--getsize64", slotDevice(slotIds[0] ?? "")]);
});
