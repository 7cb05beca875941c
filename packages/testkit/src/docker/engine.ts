import { spawn, type ChildProcess } from "node:child_process";
import { openSync, closeSync, mkdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Docker from "dockerode";
import { command, commandIfPossible } from "./command.ts";
import { listContainerPids, thaw } from "./container-processes.ts";
import { isRunning, listProcesses } from "../processes.ts";

export interface EngineOptions {
  name: string;
  /** Everything of the engine lies below; removed with it. */
  folder: string;
  /** Network namespace to run in; null = this machine's own. */
  namespace: string | null;
  /** Further arguments of dockerd. */
  args?: readonly string[];
  /** A script that runs before each start in the engine's network namespace, with the folder of its data as its argument. */
  beforeStart?: string;
  /** Data that outlives this engine (layers of a builder). Default: below `folder`. */
  dataRoot?: string;
}

/** A real Docker engine of our own, with a socket, data and processes that no other engine shares. */
export interface Engine {
  name: string;
  socketPath: string;
  docker: Docker;
  /** Pid of dockerd. */
  pid: () => number;
  /** SIGKILLs dockerd alone; containers live on until `restart` or `remove`. */
  killDaemon: () => Promise<void>;
  /** The end of the machine: dockerd, its containerd and all containers are killed, and only what is on its disk is left. */
  killAll: () => Promise<void>;
  start: () => Promise<void>;
  /** Stops everything and removes the folder. */
  remove: () => Promise<void>;
}

const START_TIMEOUT_MS = 90_000;
const STOP_TIMEOUT_MS = 20_000;
// Programs of administrators, which a plain user's PATH leaves out.
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { name, folder, namespace } = options;
  mkdirSync(folder, { recursive: true });
  const socketPath = join(folder, "docker.sock");
  const execRoot = join(folder, "exec");
  const dataRoot = options.dataRoot ?? join(folder, "data");
  const logPath = join(folder, "dockerd.log");
  const docker = new Docker({ socketPath });
  let daemon: ChildProcess | null = null;

  const enter = namespace === null ? [] : ["nsenter", `--net=/var/run/netns/${namespace}`];
  const start = async () => {
    const argv = [
      ...enter,
      "dockerd",
      `--host=unix://${socketPath}`,
      `--data-root=${dataRoot}`,
      `--exec-root=${execRoot}`,
      `--pidfile=${join(folder, "dockerd.pid")}`,
      ...(options.args ?? []),
    ];
    await rm(join(folder, "dockerd.pid"), { force: true });
    if (options.beforeStart !== undefined) await command(["env", ...enter, options.beforeStart, dataRoot]);
    const log = openSync(logPath, "a");
    // A host name of its own: Swarm shows nodes by it. The program is constant, names and paths are arguments (S9).
    const setName = 'hostname "$1"; shift; exec "$@"';
    daemon = spawn("unshare", ["--uts", "sh", "-c", setName, "sh", name, ...argv], {
      stdio: ["ignore", log, log],
      detached: true,
      env: { ...process.env, PATH },
    });
    closeSync(log);
    await untilAnswering(docker, daemon, logPath);
  };

  const containerdPidFile = join(execRoot, "containerd/containerd.pid");
  const containerdPid = (): number | null => {
    try {
      return Number(readFileSync(containerdPidFile, "utf8"));
    } catch {
      return null;
    }
  };
  const processes = () => listProcesses().filter(({ command: line }) => line.includes(`${folder}/`));

  const killDaemon = async () => {
    const pid = daemon?.pid;
    if (pid === undefined) return;
    tryKill(pid, "SIGKILL");
    const containerd = containerdPid();
    while (isRunning(pid)) await sleep(20);
    // The kernel kills it with its parent.
    if (containerd !== null) while (isRunning(containerd)) await sleep(20);
    // Before somebody has reaped it the next dockerd would take it for one that lives.
    await rm(containerdPidFile, { force: true });
  };

  const killAll = async () => {
    const containers = await listContainerPids(execRoot);
    for (let round = 0; round < 50; round += 1) {
      const left = [...processes().map(({ pid }) => pid), ...containers].filter(isRunning);
      if (left.length === 0) {
        await unmountBelow(folder);
        // On a machine it lies in memory.
        return rm(execRoot, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
      }
      for (const pid of left) tryKill(pid, "SIGKILL");
      containers.forEach(thaw);
      await sleep(100);
    }
    throw new Error(`engine ${name} leaves processes that can't be killed`);
  };

  const remove = async () => {
    if (daemon?.pid !== undefined && isRunning(daemon.pid)) {
      tryKill(daemon.pid, "SIGTERM");
      const deadline = Date.now() + STOP_TIMEOUT_MS;
      while (isRunning(daemon.pid) && Date.now() < deadline) await sleep(50);
    }
    await killAll();
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };

  const engine = { name, socketPath, docker, pid: () => daemon?.pid ?? -1, killDaemon, killAll, start, remove };
  try {
    await start();
  } catch (error) {
    await remove();
    throw error;
  }
  return engine;
}

async function untilAnswering(docker: Docker, daemon: ChildProcess, logPath: string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (daemon.exitCode !== null || daemon.signalCode !== null) break;
    const answers = await docker.ping().then(
      () => true,
      () => false,
    );
    if (answers) return;
    await sleep(100);
  }
  const tail = readFileSync(logPath, "utf8").trim().split("\n").slice(-8).join("\n");
  throw new Error(`dockerd did not start:\n${tail}`);
}

/** Mounts that an engine made below its folder; the deepest go first. */
async function unmountBelow(folder: string): Promise<void> {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((path) => path.startsWith(`${folder}/`))
    .toSorted((a, b) => b.length - a.length);
  for (const path of mounts) await commandIfPossible(["umount", "--lazy", path]);
}

function tryKill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
