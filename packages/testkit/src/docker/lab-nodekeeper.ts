import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { request } from "node:https";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FENCING_HEADER, nodeCertificateName, PROVISIONER_CERTIFICATE_NAME } from "@automna/contract/nodekeeper";
import { makeCertificateAuthority, signCertificate, type KeyPair } from "@automna/service-kit/cell-certificates";
import { detachLoopsBelow, LAB_DEVICE_DIR } from "./sweep-labs.ts";
import type { LabNode, SwarmLab } from "./swarm-lab.ts";

/** The certificates of a cell, by the code that makes production's. */
export interface CellCertificates {
  authority: KeyPair;
  provisioner: KeyPair;
  sign: (name: string, use: "server" | "client", days?: number) => Promise<KeyPair>;
}

export interface KeeperCall {
  method?: string;
  path: string;
  fencing?: number | string;
  body?: unknown;
  /** Instead of the provisioner's certificate; null: none. */
  identity?: KeyPair | null;
}

export interface KeeperAnswer {
  status: number;
  body: Buffer;
  json: () => unknown;
}

/** The real nodekeeper, running on a node of a lab as its container would: in the node's network, on its engine. */
export interface LabNodekeeper {
  node: LabNode;
  name: string;
  host: string;
  port: number;
  url: string;
  dataDir: string;
  log: () => string;
  /** Asks as the provisioner, unless told otherwise. Rejects when the connection gives no answer. */
  call: (call: KeeperCall) => Promise<KeeperAnswer>;
  kill: () => Promise<void>;
  /** Again, with further variables for this one life. */
  start: (env?: Readonly<Record<string, string>>) => Promise<void>;
  remove: () => Promise<void>;
}

const MAIN = fileURLToPath(new URL("../../../../nodekeeper/src/main.ts", import.meta.url));
const DAYS = 7;
const PORT = 7443;
export const LAB_INSTALLATION = "lab";
/** Where slots sit in labs, as design D5 has it. */
export const LAB_AGENTS = {
  bridge: "br-agents",
  subnet: "10.201.0.0/20",
  ports: { first: 20_000, last: 20_999 },
} as const;

export async function makeCellCertificates(): Promise<CellCertificates> {
  const authority = await makeCertificateAuthority(DAYS);
  const sign = (name: string, use: "server" | "client", days = DAYS) => signCertificate(authority, { name, use, days });
  return { authority, provisioner: await sign(PROVISIONER_CERTIFICATE_NAME, "client"), sign };
}

interface NodekeeperOptions {
  lab: SwarmLab;
  node: LabNode;
  certificates: CellCertificates;
  /** Instead of what a lab's guard lets through: this machine as the one proxy. */
  guard?: Readonly<Record<string, unknown>>;
  env?: Readonly<Record<string, string>>;
  /** Put before the command that starts it. */
  wrapper?: readonly string[];
}

export async function startNodekeeper({
  lab,
  node,
  certificates,
  guard,
  env,
  wrapper = [],
}: NodekeeperOptions): Promise<LabNodekeeper> {
  const { name, address: host } = node;
  const folder = join(node.engine.socketPath, "../keeper");
  const dataDir = join(folder, "data");
  mkdirSync(dataDir, { recursive: true });
  const own = await certificates.sign(nodeCertificateName(name), "server");
  const file = (fileName: string, text: string) => {
    writeFileSync(join(folder, fileName), text, { mode: 0o600 });
    return join(folder, fileName);
  };
  const settings = {
    agentsBridge: LAB_AGENTS.bridge,
    agentsSubnet: LAB_AGENTS.subnet,
    privateInterface: "eth0",
    agentPorts: LAB_AGENTS.ports,
    proxies: [lab.network.hostAddress],
    resolvers: [],
    egress: [],
    keeper: { port: PORT, callers: [lab.network.hostAddress] },
    ...guard,
  };
  const environment = {
    NODEKEEPER_NODE: name,
    NODEKEEPER_HOST: host,
    NODEKEEPER_PORT: String(PORT),
    NODEKEEPER_CA_FILE: file("ca.pem", certificates.authority.certificate),
    NODEKEEPER_CERTIFICATE_FILE: file("certificate.pem", own.certificate),
    NODEKEEPER_KEY_FILE: file("key.pem", own.key),
    NODEKEEPER_INSTALLATION: LAB_INSTALLATION,
    NODEKEEPER_DATA_DIR: dataDir,
    NODEKEEPER_DEVICE_DIR: LAB_DEVICE_DIR,
    NODEKEEPER_ENGINE_SOCKET: node.engine.socketPath,
    NODEKEEPER_GUARD_JSON: JSON.stringify(settings),
    NODEKEEPER_GUARD_CHECK_MS: "500",
    NODEKEEPER_DISK_RESERVE_MB: "64",
    ...env,
  };
  const logPath = join(folder, "nodekeeper.log");
  let child: ChildProcess | null = null;

  const start = async (further: Readonly<Record<string, string>> = {}) => {
    const log = openSync(logPath, "a");
    // The folder as an argument that nobody reads: the sweep after a killed run finds processes by it.
    const argv = [
      ...wrapper,
      "nsenter",
      `--net=/var/run/netns/${node.namespace}`,
      process.execPath,
      MAIN,
      `${folder}/`,
    ];
    child = spawn(argv[0] ?? "", argv.slice(1), {
      stdio: ["ignore", log, log, "ipc"],
      env: { PATH: process.env["PATH"], ...environment, ...further },
    });
    closeSync(log);
    const started = child;
    const ended = once(started, "exit").then(() => {
      throw new Error(`nodekeeper did not start:\n${readFileSync(logPath, "utf8").slice(-2_000)}`);
    });
    ended.catch(() => undefined);
    await Promise.race([once(started, "message"), ended]);
  };

  const kill = async () => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };

  await start();
  return {
    node,
    name,
    host,
    port: PORT,
    url: `https://${host}:${PORT}`,
    dataDir,
    log: () => readFileSync(logPath, "utf8"),
    call: (call) => callKeeper({ host, port: PORT, name, certificates }, call),
    kill,
    start,
    async remove() {
      await kill();
      await detachLoopsBelow(folder);
    },
  };
}

interface KeeperAddress {
  host: string;
  port: number;
  name: string;
  certificates: CellCertificates;
}

/** One request on a connection of its own. */
export function callKeeper(
  { host, port, name, certificates }: KeeperAddress,
  { method = "GET", path, fencing, body, identity = certificates.provisioner }: KeeperCall,
): Promise<KeeperAnswer> {
  const payload = body === undefined ? undefined : Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const sent = request({
      host,
      port,
      method,
      path,
      agent: false,
      ca: certificates.authority.certificate,
      servername: nodeCertificateName(name),
      ...(identity === null ? {} : { cert: identity.certificate, key: identity.key }),
      headers: {
        ...(fencing === undefined ? {} : { [FENCING_HEADER]: String(fencing) }),
        ...(payload === undefined ? {} : { "content-type": "application/json", "content-length": payload.length }),
      },
    });
    sent.setTimeout(90_000, () => sent.destroy(new Error(`no answer to ${method} ${path}`)));
    sent.on("error", reject);
    sent.on("response", (answer) => {
      const chunks: Buffer[] = [];
      answer.on("error", reject);
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => {
        const whole = Buffer.concat(chunks);
        resolve({
          status: answer.statusCode ?? 0,
          body: whole,
          json: () => JSON.parse(whole.toString("utf8")) as unknown,
        });
      });
    });
    sent.end(payload);
  });
}
