import type { Engine } from "@automna/testkit/docker/engine";

type CreateContainer = Engine["docker"]["createContainer"];
export type LabContainer = Awaited<ReturnType<CreateContainer>>;
export type HostConfig = NonNullable<Parameters<CreateContainer>[0]["HostConfig"]>;

/** One try from inside an agent's container. */
export interface Attempt {
  name: string;
  kind: "tcp" | "udp";
  host: string;
  port: number;
}

/** Runs in the agent: connects everywhere at once and prints the names of those that were answered. */
const PROGRAM = `
const net = require("net"), dgram = require("dgram");
const attempts = JSON.parse(process.argv[1]);
const tcp = ({ host, port }) => new Promise((done) => {
  const socket = net.connect({ host, port, timeout: 1500 });
  const end = (ok) => { socket.destroy(); done(ok); };
  socket.on("connect", () => end(true)).on("error", () => end(false)).on("timeout", () => end(false));
});
const udp = ({ host, port }) => new Promise((done) => {
  const socket = dgram.createSocket("udp4");
  const timer = setTimeout(() => { socket.close(); done(false); }, 1500);
  socket.on("message", () => { clearTimeout(timer); socket.close(); done(true); }).on("error", () => undefined);
  socket.send("?", port, host, () => undefined);
});
Promise.all(attempts.map(async (each) => (await (each.kind === "tcp" ? tcp : udp)(each)) ? each.name : null))
  .then((names) => console.log(JSON.stringify(names.filter(Boolean))));
`;

/** Listens in a namespace on every address: TCP takes connections, UDP on some answers. */
export const LISTENER_PROGRAM = `
const net = require("net"), dgram = require("dgram");
const { tcp, udp } = JSON.parse(process.argv[1]);
for (const port of tcp) net.createServer((socket) => socket.on("error", () => undefined).end("here")).listen(port, "::");
// Each on its own address, which its answers have to come from.
for (const [host, port] of udp) {
  const socket = dgram.createSocket("udp4");
  socket.on("message", (_, { port, address }) => socket.send("here", port, address)).bind(port, host);
}
console.log("listening");
`;

/** Names of the attempts that got through. */
export async function tryFrom(container: LabContainer, attempts: readonly Attempt[]): Promise<string[]> {
  return JSON.parse(await execIn(container, ["node", "-e", PROGRAM, JSON.stringify(attempts)])) as string[];
}

/** The same from a namespace of a node. */
export function attemptCommand(namespace: string, attempts: readonly Attempt[]): [string, ...string[]] {
  return ["nsenter", `--net=/var/run/netns/${namespace}`, process.execPath, "-e", PROGRAM, JSON.stringify(attempts)];
}

/** Runs a program in a container and answers what it printed. */
export async function execIn(container: LabContainer, argv: readonly string[]): Promise<string> {
  const exec = await container.exec({ Cmd: [...argv], AttachStdout: true, AttachStderr: true, Tty: true });
  const stream = await exec.start({ Tty: true });
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8").trim();
}
