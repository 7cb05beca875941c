import { command } from "@automna/testkit/docker/command";
import { docker } from "../steps/walls/shell.ts";
import { inNode, type Tenant } from "./place.ts";

/** One try over the network. */
export interface Probe {
  name: string;
  kind: "tcp" | "udp" | "tls" | "scan";
  host: string;
  /** Of a scan the first. */
  port: number;
  /** Sent once connected; `%n` becomes a line break. */
  send?: string;
  /** Of a scan. */
  lastPort?: number;
  isBroadcast?: boolean;
}

/**
 * Runs where the attacker is. Tries everything at once; prints what each heard as JSON: bytes as latin1, of TLS the other side's
 * certificate, of a scan what the open ports said.
 */
const PROGRAM = `
const net = require("net"), dgram = require("dgram"), tls = require("tls");
const probes = JSON.parse(process.argv[1]);
const PATIENCE = 2500;
const tcp = ({ host, port, send }) => new Promise((done) => {
  let heard = "";
  const socket = net.connect({ host, port });
  const end = () => { clearTimeout(timer); socket.destroy(); done(heard); };
  const timer = setTimeout(end, PATIENCE);
  socket.on("connect", () => send && socket.write(Buffer.from(send.replaceAll("%n", "\\r\\n"), "latin1")));
  socket.on("data", (chunk) => { heard += chunk.toString("latin1"); if (heard.length > 20000) end(); });
  socket.on("error", end).on("close", end);
});
const secure = ({ host, port }) => new Promise((done) => {
  let heard = "";
  const socket = tls.connect({ host, port, rejectUnauthorized: false });
  const end = () => { clearTimeout(timer); socket.destroy(); done(heard); };
  const timer = setTimeout(end, PATIENCE);
  socket.on("secureConnect", () => { heard = socket.getPeerCertificate().fingerprint256; end(); });
  socket.on("error", end).on("close", end);
});
const udp = ({ host, port, send, isBroadcast }) => new Promise((done) => {
  const socket = dgram.createSocket(host.includes(":") ? "udp6" : "udp4");
  const end = (heard) => { clearTimeout(timer); try { socket.close(); } catch {} done(heard); };
  const timer = setTimeout(() => end(""), PATIENCE);
  socket.on("message", (bytes) => end(bytes.toString("latin1"))).on("error", () => end(""));
  socket.bind(0, () => { if (isBroadcast) socket.setBroadcast(true); socket.send(send || "?", port, host, () => undefined); });
});
const scan = async (probe) => {
  const ports = Array.from({ length: probe.lastPort - probe.port + 1 }, (_, index) => probe.port + index);
  return (await Promise.all(ports.map((port) => tcp({ ...probe, port })))).join("");
};
const kinds = { tcp, udp, tls: secure, scan };
Promise.all(probes.map((probe) => kinds[probe.kind](probe))).then((all) => { console.log(JSON.stringify(all)); process.exit(0); });
`;

/** What each probe heard, by its name; empty where nothing answered. */
export type Heard = ReadonlyMap<string, string>;

/** From the shell of an agent. */
export async function probeFromAgent({ node, containerId }: Tenant, probes: readonly Probe[]): Promise<Heard> {
  const argv = ["exec", "--user=10002", containerId, "node", "-e", PROGRAM, JSON.stringify(probes)];
  return read(probes, await command([...docker(node), ...argv]));
}

/** From a network namespace: a node's, as root there, or a stranger's. */
export async function probeFromNamespace(namespace: string, probes: readonly Probe[]): Promise<Heard> {
  return read(probes, await inNode({ namespace }, process.execPath, "-e", PROGRAM, JSON.stringify(probes)));
}

function read(probes: readonly Probe[], printed: string): Heard {
  const heard = JSON.parse(printed) as string[];
  return new Map(probes.map(({ name }, index) => [name, heard[index] ?? ""]));
}
