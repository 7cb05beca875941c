import { randomInt } from "node:crypto";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, readFileSync, statSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { newKeyRingJson, parseKeyRing, type KeyRing } from "@automna/service-kit/secret-box";
import { listProcesses, readEnvironment, type ProcessFacts } from "../process/process-table.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const AGENTD = fileURLToPath(new URL("../../../agent/src/main.ts", import.meta.url));
const STAND_IN_GATEWAY = fileURLToPath(import.meta.resolve("@automna/testkit/stand-in-gateway"));

export interface ProvisionerProcess {
  slotsDir: string;
  ingressRing: KeyRing;
  /** Starts the service; resolves when it is ready. */
  start: () => Promise<void>;
  /** Ends it with a signal; resolves when it is gone, with its exit code. */
  end: (signal: NodeJS.Signals) => Promise<number | null>;
  /** Everything that runs of its slots now. */
  slotProcesses: () => Promise<ProcessFacts[]>;
  log: () => string;
  /** Ends everything that is left and removes the folder. */
  remove: () => Promise<void>;
}

/** The real service with the real agentd and a stand-in for OpenClaw, on a folder of its own. */
export async function makeProvisionerProcess(
  databaseUrl: string,
  queueRedisUrl: string | null = null,
): Promise<ProvisionerProcess> {
  const folder = await mkdtemp(join(tmpdir(), "automna-provisioner-test-"));
  await chmod(folder, 0o711);
  const slotsDir = join(folder, "slots");
  const logPath = join(folder, "provisioner.log");
  const ingress = newKeyRingJson();
  // Below the ports that the system gives to outgoing connections: one of those could take a slot's at any moment.
  const firstPort = 10_000 + randomInt(400) * 50;
  const env = {
    // Without setpriv on its path every slot runs as our user: in a checkout that others can't enter it has to.
    PATH: isOpenToAll(AGENTD) && isOpenToAll(process.execPath) ? (process.env["PATH"] ?? "") : "/nowhere",
    PROVISIONER_DATABASE_URL: databaseUrl,
    ...(queueRedisUrl === null ? {} : { PROVISIONER_QUEUE_REDIS_URL: queueRedisUrl }),
    PROVISIONER_RUNTIME: "process",
    PROVISIONER_DATA_DIR: slotsDir,
    PROVISIONER_PORT_RANGE: `${firstPort}-${firstPort + 40}`,
    PROVISIONER_AGENT_COMMAND_JSON: JSON.stringify([process.execPath, AGENTD]),
    PROVISIONER_GATEWAY_DIR: "/nowhere",
    PROVISIONER_GATEWAY_COMMAND_JSON: JSON.stringify([process.execPath, STAND_IN_GATEWAY]),
    PROVISIONER_EGRESS_URLS: "http://127.0.0.1:1",
    PROVISIONER_SLOT_KEY_RING: newKeyRingJson(),
    PROVISIONER_INGRESS_KEY_RING: ingress,
    PROVISIONER_SWEEP_MS: "1000",
    PROVISIONER_STOP_SLOTS_ON_EXIT: "true",
    PROVISIONER_LOG_LEVEL: "debug",
  };
  let child: ChildProcess | null = null;

  const start = async () => {
    const started = spawn(process.execPath, [MAIN], { env, stdio: ["ignore", "pipe", "pipe", "ipc"] });
    for (const stream of [started.stdout, started.stderr])
      stream?.on("data", (chunk: Buffer) => appendFileSync(logPath, chunk));
    child = started;
    const outcome = await Promise.race([
      once(started, "message").then(() => "ready"),
      once(started, "exit").then(() => "exit"),
    ]);
    if (outcome === "exit") throw new Error(`the provisioner did not start:\n${readFileSync(logPath, "utf8")}`);
  };
  const end = async (signal: NodeJS.Signals) => {
    const ending = child;
    if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return null;
    const exited = once(ending, "exit");
    ending.kill(signal);
    await exited;
    return ending.exitCode;
  };
  const slotProcesses = async () => {
    const isOurs = ({ pid }: ProcessFacts) =>
      readEnvironment(pid)?.some((entry) => entry.includes(`_STATE_DIR=${slotsDir}/`)) ?? false;
    return (await listProcesses()).filter(isOurs);
  };
  return {
    slotsDir,
    ingressRing: parseKeyRing(ingress),
    start,
    end,
    slotProcesses,
    log: () => readFileSync(logPath, "utf8"),
    async remove() {
      await end("SIGKILL");
      for (const { pid } of await slotProcesses()) process.kill(pid, "SIGKILL");
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function isOpenToAll(path: string): boolean {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder))
    if ((statSync(folder).mode & 0o001) === 0) return false;
  return true;
}
