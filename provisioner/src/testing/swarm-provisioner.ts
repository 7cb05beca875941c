import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { newKeyRingJson } from "@automna/service-kit/secret-box";
import type { LabCell } from "@automna/testkit/docker/lab-cell";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

export interface SwarmProvisionerOptions {
  cell: LabCell;
  databaseUrl: string;
  image: string;
  rings: { slots: string; ingress: string };
  /** Further settings, or others than these. */
  settings?: Readonly<Record<string, string>>;
}

export interface SwarmProvisioner {
  kill: () => Promise<void>;
  log: () => string;
}

export const newRings = () => ({ slots: newKeyRingJson(), ingress: newKeyRingJson() });

/** The real service on a lab's cell; resolves when it is ready. Several may run side by side. */
export async function startSwarmProvisioner({
  cell,
  databaseUrl,
  image,
  rings,
  settings = {},
}: SwarmProvisionerOptions): Promise<SwarmProvisioner> {
  const { authority, provisioner } = cell.certificates;
  const env = {
    PATH: process.env["PATH"],
    PROVISIONER_DATABASE_URL: databaseUrl,
    PROVISIONER_RUNTIME: "swarm",
    PROVISIONER_CELL_ID: "lab",
    PROVISIONER_DOCKER_URL: `unix://${cell.manager.engine.socketPath}`,
    PROVISIONER_INSTALLATION: cell.installId,
    PROVISIONER_AGENT_IMAGE: image,
    PROVISIONER_AGENT_NETWORK: cell.network,
    PROVISIONER_KEEPER_CA: authority.certificate,
    PROVISIONER_KEEPER_CERTIFICATE: provisioner.certificate,
    PROVISIONER_KEEPER_KEY: provisioner.key,
    PROVISIONER_PORT_RANGE: `${cell.ports.first}-${cell.ports.last}`,
    PROVISIONER_PORT_REST_MS: "60000",
    PROVISIONER_EGRESS_URLS: "http://192.0.2.1:4604",
    PROVISIONER_SLOT_KEY_RING: rings.slots,
    PROVISIONER_INGRESS_KEY_RING: rings.ingress,
    PROVISIONER_SWEEP_MS: "1000",
    ...settings,
  };
  let text = "";
  const child: ChildProcess = spawn(process.execPath, [MAIN], { env, stdio: ["ignore", "pipe", "pipe", "ipc"] });
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const outcome = await Promise.race([
    once(child, "message").then(() => "ready"),
    once(child, "exit").then(() => "exit"),
  ]);
  if (outcome === "exit") throw new Error(`the provisioner did not start:\n${text}`);
  return {
    log: () => text,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}
