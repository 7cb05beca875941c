import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findFreePort } from "./free-port.ts";
import { isListening } from "./listening-ports.ts";
import { describeProcess, findProcesses, isRunning, ownersBelow } from "./processes.ts";

const CHECKOUT = join(import.meta.dirname, "../../..");
const BOOTSTRAP = join(CHECKOUT, "scripts/bootstrap.mjs");

/** What a running installation tells about itself in <data>/run/instance.json. */
export interface ProductInstance {
  pid: number;
  url: string;
  startLink: string;
  services: Record<string, { pid: number; url: string | null }>;
  postgres: { pid: number; port: number };
}

/** What is known of a slot's process, from <data>/slots/<slot>/pid.json. */
export interface SlotProcess {
  slotId: string;
  pid: number;
}

export interface ProductOptions {
  dataDir: string;
  port?: number;
  env?: Readonly<Record<string, string>>;
  /** More of the command line of `up`. */
  args?: readonly string[];
  signal?: AbortSignal;
  /** Called with each line that a person would see. */
  onLine?: (line: string) => void;
  startTimeoutMs?: number;
}

export interface Product {
  dataDir: string;
  url: string;
  /** The sign-in link that this start printed; good for one browser. */
  startLink: string;
  /** From the command to the printed link, ms. */
  startMs: number;
  /** All that it printed. */
  output: () => string;
  /** A further link, as the same command prints one while the product runs. */
  newStartLink: () => Promise<string>;
  /** Read anew: pids change with restarts. */
  instance: () => ProductInstance;
  /** Slots whose agentd runs. */
  slotProcesses: () => SlotProcess[];
  /** As Ctrl-C; throws with what is left of it afterwards. */
  stop: () => Promise<void>;
}

/** The first start on a machine installs what is missing. */
const START_TIMEOUT_MS = 5 * 60_000;
/** Agents get 30 s to stop, Postgres 25. */
const STOP_TIMEOUT_MS = 90_000;
const GONE_TIMEOUT_MS = 5_000;

/** Starts the product from outside, as `npm run up` does, and resolves with the link that it prints. */
export async function startProduct(options: ProductOptions): Promise<Product> {
  const { dataDir, env = {}, args = [], signal, onLine = () => undefined, startTimeoutMs = START_TIMEOUT_MS } = options;
  const port = options.port ?? (await findFreePort());
  const startedAt = Date.now();
  const child = launch(dataDir, port, env, args);
  const output = collect(child, onLine);
  const stop = () => stopProduct(child, dataDir, port);
  try {
    const startLink = await printedLink(child, output, { startTimeoutMs, signal });
    const { origin } = new URL(startLink);
    return {
      dataDir,
      url: origin,
      startLink,
      startMs: Date.now() - startedAt,
      output,
      newStartLink: () => askForStartLink(dataDir, port, env),
      instance: () => readInstance(dataDir),
      slotProcesses: () => listSlotProcesses(dataDir),
      stop,
    };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

function launch(
  dataDir: string,
  port: number,
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): ChildProcess {
  return spawn(process.execPath, [BOOTSTRAP, "up", "--port", String(port), "--data-dir", dataDir, ...args], {
    cwd: CHECKOUT,
    env: { ...process.env, ...env },
    // A session of its own: Ctrl-C in our terminal is ours, and we stop the product in order.
    detached: true,
    // The channel tells it when we are gone without having stopped it.
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
}

function collect(child: ChildProcess, onLine: (line: string) => void): () => string {
  let text = "";
  let rest = "";
  const take = (chunk: Buffer) => {
    text += chunk.toString("utf8");
    const lines = (rest + chunk.toString("utf8")).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  };
  child.stdout?.on("data", take);
  child.stderr?.on("data", take);
  return () => text;
}

const START_LINK = /https?:\/\/\S+\/api\/identity\/local\/start\?token=\S+/;

async function printedLink(
  child: ChildProcess,
  output: () => string,
  { startTimeoutMs, signal }: { startTimeoutMs: number; signal: AbortSignal | undefined },
): Promise<string> {
  const deadline = Date.now() + startTimeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    const link = START_LINK.exec(output())?.[0];
    if (link !== undefined) return link;
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the product ended with ${child.exitCode ?? child.signalCode}:\n${output()}`);
    if (Date.now() > deadline) throw new Error(`no start link after ${startTimeoutMs / 1000} s:\n${output()}`);
    await sleep(50);
  }
}

/** A second `up` on the same folder prints a fresh link and ends. */
async function askForStartLink(dataDir: string, port: number, env: Readonly<Record<string, string>>): Promise<string> {
  const child = launch(dataDir, port, env);
  const output = collect(child, () => undefined);
  await once(child, "close");
  const link = START_LINK.exec(output())?.[0];
  if (link === undefined) throw new Error(`a second start printed no link:\n${output()}`);
  return link;
}

async function stopProduct(child: ChildProcess, dataDir: string, port: number): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, "exit");
    child.kill("SIGINT");
    const timer = new AbortController();
    const isLate = await Promise.race([
      exited.then(() => false),
      sleep(STOP_TIMEOUT_MS, true, { signal: timer.signal }).catch(() => false),
    ]);
    timer.abort();
    if (isLate) {
      killLeftovers(dataDir);
      throw new Error(`the product did not stop within ${STOP_TIMEOUT_MS / 1000} s of Ctrl-C`);
    }
  }
  await assertNothingLeft(dataDir, port);
}

/** Throws when a process of the installation lives, its port answers, or its lock is held. Kills what it finds. */
export async function assertNothingLeft(dataDir: string, port: number): Promise<void> {
  // The last exit reaches us before the kernel has torn everything down.
  const deadline = Date.now() + GONE_TIMEOUT_MS;
  let left = await leftovers(dataDir, port);
  while (left.length > 0 && Date.now() < deadline) {
    await sleep(100);
    left = await leftovers(dataDir, port);
  }
  killLeftovers(dataDir);
  if (left.length > 0) throw new Error(`left behind after the stop:\n  ${left.join("\n  ")}`);
}

async function leftovers(dataDir: string, port: number): Promise<string[]> {
  const processes = productProcesses(dataDir).map((found) => `process ${describeProcess(found)}`);
  const ports = (await isListening(port)) ? [`port ${port} still answers`] : [];
  const files = existsSync(join(dataDir, "run/instance.json")) ? ["run/instance.json is still there"] : [];
  return [...processes, ...ports, ...files];
}

/** Processes of an installation: those that name its folder, and those that run as one of its agents' users. */
export function productProcesses(dataDir: string) {
  const slots = join(dataDir, "slots");
  const ours = new Set([0, process.getuid?.() ?? 0]);
  const uids = existsSync(slots) ? ownersBelow(slots, ours) : new Set<number>();
  return findProcesses({ folder: dataDir, uids });
}

function killLeftovers(dataDir: string): void {
  for (const { pid } of productProcesses(dataDir)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

function readInstance(dataDir: string): ProductInstance {
  return JSON.parse(readFileSync(join(dataDir, "run/instance.json"), "utf8")) as ProductInstance;
}

function listSlotProcesses(dataDir: string): SlotProcess[] {
  const slots = join(dataDir, "slots");
  if (!existsSync(slots)) return [];
  return readdirSync(slots).flatMap((slotId) => {
    try {
      const { pid } = JSON.parse(readFileSync(join(slots, slotId, "pid.json"), "utf8")) as { pid: number };
      return isRunning(pid) ? [{ slotId, pid }] : [];
    } catch {
      return [];
    }
  });
}
