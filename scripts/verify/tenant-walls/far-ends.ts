import { spawn } from "node:child_process";
import { once } from "node:events";
import { command } from "@automna/testkit/docker/command";
import type { LabNode } from "@automna/testkit/docker/swarm-lab";
import type { ScenarioContext } from "../harness/scenario.ts";
import { docker } from "../steps/walls/shell.ts";
import type { Tenant } from "./place.ts";

/**
 * Says its nonce to whoever gets through. TCP listens on every address; UDP on those named, which answers have to come from. Engine: the
 * node's own, as somebody would have it who opened Docker's port.
 */
const PROGRAM = `
const net = require("net"), dgram = require("dgram");
const { nonce, tcp, udp, engine } = JSON.parse(process.argv[1]);
const deaf = (socket) => socket.on("error", () => undefined);
const listen = (server, ...where) => new Promise((done) => server.listen(...where, done));
const all = tcp.map((port) => listen(net.createServer((socket) => deaf(socket).end(nonce)), port, "::"));
if (engine) all.push(listen(net.createServer((socket) => {
  const far = deaf(net.connect(engine));
  deaf(socket).pipe(far).pipe(socket);
}), 2375, "::"));
for (const [host, port] of udp) all.push(new Promise((done) => {
  const socket = dgram.createSocket(host.includes(":") ? "udp6" : "udp4");
  socket.on("message", (_, { port, address }) => socket.send(nonce, port, address)).bind(port, host, done);
}));
Promise.all(all).then(() => console.log("listening"));
`;

export interface FarEnd {
  nonce: string;
  tcp: readonly number[];
  udp: readonly (readonly [host: string, port: number])[];
  /** Socket that stands behind port 2375. */
  engine?: string;
}

/** On a node, in its network. */
export async function listenOnNode(ctx: ScenarioContext, node: LabNode, end: FarEnd): Promise<void> {
  await start(ctx, ["nsenter", `--net=/var/run/netns/${node.namespace}`, process.execPath, "-e", PROGRAM], end);
}

/** In an agent's container, as something that the agent itself runs there. */
export async function listenInAgent(ctx: ScenarioContext, { node, containerId }: Tenant, end: FarEnd): Promise<void> {
  await start(ctx, [...docker(node), "exec", "--user=10002", containerId, "node", "-e", PROGRAM], end);
}

async function start(ctx: ScenarioContext, [program, ...argv]: [string, ...string[]], end: FarEnd): Promise<void> {
  const child = spawn(program, [...argv, JSON.stringify(end)], { stdio: ["ignore", "pipe", "inherit"] });
  ctx.onCleanup("end a listener", () => child.kill("SIGKILL"));
  const ended = once(child, "exit").then(() => {
    throw new Error("a listener could not start");
  });
  ended.catch(() => undefined);
  await Promise.race([once(child.stdout, "data"), ended]);
}

/** Writes a file in an agent's volume as the agent would. */
export async function plant({ node, containerId }: Tenant, path: string, text: string): Promise<void> {
  const script = 'umask 077; printf %s "$2" > "$1"; sync "$1"';
  await command([...docker(node), "exec", "--user=10002", containerId, "sh", "-c", script, "sh", path, text]);
}
