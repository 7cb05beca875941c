import { spawn, type ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { nodekeeperHealthSchema } from "@automna/contract/nodekeeper";
import { command, commandIfPossible } from "@automna/testkit/docker/command";
import { loadImage } from "@automna/testkit/docker/image-builder";
import { buildTestImage, testImages } from "@automna/testkit/docker/images";
import {
  LAB_AGENTS,
  makeCellCertificates,
  startNodekeeper,
  type CellCertificates,
  type LabNodekeeper,
} from "@automna/testkit/docker/lab-nodekeeper";
import { startSwarmLab, type LabNode, type SwarmLab } from "@automna/testkit/docker/swarm-lab";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  attemptCommand,
  LISTENER_PROGRAM,
  tryFrom,
  type Attempt,
  type HostConfig,
  type LabContainer,
} from "../testing/agent-attempts.ts";

// Every address here lives in the lab's namespaces, which no route leaves: those of metadata services and of the internet are
// stand-ins on the second node.
const METADATA = "169.254.169.254";
const INTERNET = "11.0.0.1";
const STAND_INS = [METADATA, "169.254.1.1", "100.64.0.1", "192.168.77.1", "172.20.0.1", "198.18.0.1", INTERNET];
const METADATA_V6 = "fd00:ec2::254";
const BRIDGE_V6 = "fd00:201::1";
const BRIDGE = "10.201.0.1";
const AGENT_PORT = 18_789;
const TCP_PORTS = [22, 25, 80, 443, 587, 2375, 4000];

let lab: SwarmLab;
let certificates: CellCertificates;
let first: LabNode;
let second: LabNode;
let attacker: LabContainer;
let neighbourAddress: string;
let controlPlane: Server;
let keeper: LabNodekeeper | null = null;
const helpers: ChildProcess[] = [];

const inNode = (node: LabNode, ...argv: string[]) =>
  command(["nsenter", `--net=/var/run/netns/${node.namespace}`, ...argv]);

beforeAll(async () => {
  lab = await startSwarmLab({ size: 2 });
  certificates = await makeCellCertificates();
  const [one, two] = lab.nodes;
  if (one === undefined || two === undefined) throw new Error("two nodes were wanted");
  [first, second] = [one, two];
  const tar = await buildTestImage("tinyAgent");
  await Promise.all(lab.nodes.map(({ engine }) => loadImage(engine.docker, tar)));
  for (const node of lab.nodes) await inNode(node, "sysctl", "-qw", "net.ipv4.ip_forward=1");
  for (const address of STAND_INS) {
    await inNode(second, "ip", "address", "add", `${address}/32`, "dev", "lo");
    await inNode(first, "ip", "route", "add", address, "via", second.address);
  }
  await inNode(first, "ip", "-6", "address", "add", `${METADATA_V6}/128`, "dev", "lo");
  await listen(first, [[first.address, 53]]);
  await listen(second, [
    [second.address, 53],
    [second.address, 5353],
    [METADATA, 123],
    [INTERNET, 53],
  ]);
  controlPlane = createServer((socket) => socket.on("error", () => undefined).end()).listen(0, lab.network.hostAddress);
  await once(controlPlane, "listening");

  attacker = await startAgent(first, 20_001);
  const neighbour = await startAgent(first, 20_002);
  await startAgent(second, 20_003);
  neighbourAddress = (await neighbour.inspect()).NetworkSettings.Networks["agents"]?.IPAddress ?? "";
  // Somebody on the private network who knows where agents sit.
  await inNode(second, "ip", "route", "replace", `${neighbourAddress}/32`, "via", first.address);
});
afterAll(async () => {
  controlPlane.close();
  for (const helper of helpers) helper.kill("SIGKILL");
  await lab.remove();
  await keeper?.remove();
});

async function listen(node: LabNode, udp: readonly (readonly [string, number])[]): Promise<void> {
  const argv = [`--net=/var/run/netns/${node.namespace}`, process.execPath, "-e", LISTENER_PROGRAM];
  const helper = spawn("nsenter", [...argv, JSON.stringify({ tcp: TCP_PORTS, udp })], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  helpers.push(helper);
  await once(helper.stdout, "data");
}

/** Agents may talk to each other on this bridge, which production's does not allow: what stops them here is the guard alone. */
async function startAgent(node: LabNode, port: number): Promise<LabContainer> {
  const { docker } = node.engine;
  if ((await docker.listNetworks({ filters: { name: ["agents"] } })).length === 0) {
    await docker.createNetwork({
      Name: "agents",
      Driver: "bridge",
      EnableIPv6: true,
      IPAM: { Driver: "default", Config: [{ Subnet: LAB_AGENTS.subnet }, { Subnet: "fd00:201::/64" }] },
      Options: { "com.docker.network.bridge.name": LAB_AGENTS.bridge, "com.docker.network.bridge.enable_icc": "true" },
    });
  }
  return startContainer(node, {
    NetworkMode: "agents",
    PortBindings: { [`${AGENT_PORT}/tcp`]: [{ HostPort: String(port) }] },
  });
}

async function startContainer(node: LabNode, hostConfig: HostConfig): Promise<LabContainer> {
  const container = await node.engine.docker.createContainer({
    Image: testImages.tinyAgent.tag,
    Entrypoint: [
      "node",
      "-e",
      `require("net").createServer((socket) => socket.on("error", () => undefined).end("agent")).listen(${AGENT_PORT}, "::")`,
    ],
    ExposedPorts: { [`${AGENT_PORT}/tcp`]: {} },
    HostConfig: { Init: true, ...hostConfig },
  });
  await container.start();
  return container;
}

const tcp = (name: string, host: string, port: number): Attempt => ({ name, kind: "tcp", host, port });
const udp = (name: string, host: string, port: number): Attempt => ({ name, kind: "udp", host, port });

/** Of an agent, by D5 none of its business. */
const forbidden = (): Attempt[] => [
  tcp("another agent's port, by the bridge's gateway", BRIDGE, 20_002),
  tcp("another agent's port, by the node's address", first.address, 20_002),
  tcp("another agent's own address", neighbourAddress, AGENT_PORT),
  tcp("its own published port, by the node's address", first.address, 20_001),
  tcp("an agent's port on another node", second.address, 20_003),
  tcp("the node, by the bridge's gateway", BRIDGE, 22),
  tcp("the node, by its own address", first.address, 22),
  tcp("the node, by Docker's other bridge", "172.17.0.1", 22),
  tcp("the node, over IPv6", BRIDGE_V6, 22),
  tcp("the Swarm manager", first.address, 2377),
  tcp("an open Docker port of the node", first.address, 2375),
  tcp("another node", second.address, 22),
  tcp("another node's Docker port", second.address, 2375),
  tcp("the control plane", lab.network.hostAddress, (controlPlane.address() as { port: number }).port),
  tcp("metadata", METADATA, 80),
  tcp("metadata on another port", METADATA, 443),
  udp("metadata over UDP", METADATA, 123),
  tcp("metadata over IPv6", METADATA_V6, 80),
  tcp("another link-local address", "169.254.1.1", 80),
  tcp("a carrier's private range", "100.64.0.1", 80),
  tcp("a home's private range", "192.168.77.1", 80),
  tcp("an office's private range", "172.20.0.1", 80),
  tcp("a range for benchmarks", "198.18.0.1", 80),
  udp("names from a resolver that is not the node's", second.address, 53),
  udp("names from the node itself", first.address, 53),
  udp("another node over UDP", second.address, 5353),
  tcp("names over TCP from the bridge's gateway", BRIDGE, 80),
  tcp("mail", INTERNET, 25),
  tcp("mail by submission", INTERNET, 587),
];

/** From another node, which is no proxy. */
const forbiddenFromNode = (): Attempt[] => [
  tcp("an agent's port from another node", first.address, 20_001),
  tcp("an agent's own address from another node", neighbourAddress, AGENT_PORT),
];

const allowed = (): Attempt[] => [
  tcp("the internet", INTERNET, 443),
  tcp("egress", second.address, 4000),
  udp("names from the node's resolver", INTERNET, 53),
];

const namesOf = (attempts: readonly Attempt[]) => attempts.map(({ name }) => name);
const tryFromNode = async (attempts: readonly Attempt[]) =>
  JSON.parse(await command(attemptCommand(second.namespace, attempts))) as string[];

/** From the one machine that is a proxy. */
function canReachAgent(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: first.address, port: 20_001, timeout: 1_500 });
    socket.on("data", () => resolve(true));
    for (const event of ["error", "timeout", "close"]) socket.on(event, () => socket.destroy());
    socket.on("close", () => resolve(false));
  });
}

const guardTable = () =>
  inNode(first, "nft", "--stateless", "--terse", "list", "table", "inet", "automna_guard").catch(() => "");
const keeperOptions = () => ({
  lab,
  node: first,
  certificates,
  guard: { resolvers: [INTERNET], egress: [{ address: second.address, port: 4000 }] },
});

describe("agents' walls", () => {
  test("without the guard every attempt gets through, so each one is real", async () => {
    const everything = [...forbidden(), ...allowed()];
    expect(await tryFrom(attacker, everything)).toEqual(namesOf(everything));
    expect(await tryFromNode(forbiddenFromNode())).toEqual(namesOf(forbiddenFromNode()));
    expect(await canReachAgent()).toBe(true);
  });

  test("with the guard none does, and what agents need goes on", async () => {
    keeper = await startNodekeeper(keeperOptions());
    const everything = [
      ...forbidden(),
      tcp("nodekeeper", first.address, keeper.port),
      tcp("nodekeeper by the gateway", BRIDGE, keeper.port),
    ];
    expect(await tryFrom(attacker, everything)).toEqual([]);
    expect(await tryFrom(attacker, allowed())).toEqual(namesOf(allowed()));
    expect(
      await tryFromNode([...forbiddenFromNode(), tcp("nodekeeper from another node", first.address, keeper.port)]),
    ).toEqual([]);
    expect(await canReachAgent(), "the proxy").toBe(true);
  });

  test("a flood of connections ends at the rate that is allowed, and others go on", async () => {
    const flood = Array.from({ length: 600 }, (_, index) => tcp(`${index}`, INTERNET, 443));
    const through = await tryFrom(attacker, flood);
    expect(through.length).toBeGreaterThan(20);
    expect(through.length).toBeLessThan(500);
    expect(await canReachAgent()).toBe(true);
  });
});

describe("the guard", () => {
  test.each([
    ["deleted", ["delete", "table", "inet", "automna_guard"]],
    ["opened by a rule in front", ["insert", "rule", "inet", "automna_guard", "from_agents", "accept"]],
    ["emptied", ["flush", "table", "inet", "automna_guard"]],
  ])("that is %s by hand is back within seconds, and says so", async (_, argv) => {
    const before = await guardTable();
    await inNode(first, "nft", ...argv);
    await expect.poll(guardTable, { timeout: 5_000 }).toBe(before);
    expect(await tryFrom(attacker, forbidden())).toEqual([]);
    const health = nodekeeperHealthSchema.parse((await keeper?.call({ path: "/v1/health" }))?.json());
    expect(health.guard).toMatchObject({ state: "kept", problem: null });
    expect(health.guard.repairs).toBeGreaterThan(0);
  });

  test.each([
    // The kernel lacks a part: the rest of nft works.
    [
      "refuses a part of it",
      '#!/bin/sh\ncase "$*" in *-f*) text=$(cat); case "$text" in *fib*) exit 1;; esac; echo "$text" | exec REAL "$@";; esac\nexec REAL "$@"\n',
    ],
    ["fails altogether", "#!/bin/sh\nexit 1\n"],
  ])("when nft %s: agents are cut off, health says so, and it is made good once nft works", async (_, script) => {
    const folder = join(first.engine.socketPath, "..");
    await command(["cp", "/usr/sbin/nft", join(folder, "real-nft")]);
    writeFileSync(join(folder, "broken-nft"), script.replaceAll("REAL", join(folder, "real-nft")), { mode: 0o755 });
    await keeper?.kill();
    await commandIfPossible([
      "nsenter",
      `--net=/var/run/netns/${first.namespace}`,
      "nft",
      "delete",
      "table",
      "inet",
      "automna_guard",
    ]);
    const wrapper = [
      "unshare",
      "--mount",
      "sh",
      "-c",
      `mount --bind ${join(folder, "broken-nft")} /usr/sbin/nft; exec "$@"`,
      "sh",
    ];
    keeper = await startNodekeeper({ ...keeperOptions(), wrapper });
    const health = nodekeeperHealthSchema.parse((await keeper.call({ path: "/v1/health" })).json());
    expect(health).toMatchObject({ isHealthy: false, guard: { state: "closed" } });
    expect(health.guard.problem).toContain("nft");
    expect(await tryFrom(attacker, [...forbidden(), ...allowed()])).toEqual([]);
    expect(await canReachAgent()).toBe(false);
    await keeper.kill();
    keeper = await startNodekeeper(keeperOptions());
    await expect.poll(canReachAgent).toBe(true);
    expect(await tryFrom(attacker, allowed())).toEqual(namesOf(allowed()));
    expect(await tryFrom(attacker, forbidden())).toEqual([]);
  });
});
