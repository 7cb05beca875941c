import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { foundAppsMax } from "@automna/contract/apps";
import { launch } from "../launcher.ts";
import type { AppProgramRequest } from "./app-program.ts";

/** Where the published files are served at the moment, and what opens it. */
export interface AppServerAddress {
  port: number;
  token: string;
}

export interface AppServer {
  /** Starts the program if it does not run. Rejects when it can't be started. */
  address(): Promise<AppServerAddress>;
  stop(): Promise<void>;
}

export interface AppServerOptions {
  uid: number | null;
  nodePath: string;
  appsDir: string;
  /** So long after the last question the program ends; a process that nobody asks is 40 MB for nothing. */
  idleMs?: number;
}

const PROGRAM = fileURLToPath(new URL("./app-program.ts", import.meta.url));
const START_TIMEOUT_MS = 10_000;
const IDLE_MS = 5 * 60_000;
const MEMORY_MB = 64;

/** Runs the program that serves the agent's apps while somebody asks for them. */
export function makeAppServer({ uid, nodePath, appsDir, idleMs = IDLE_MS }: AppServerOptions): AppServer {
  let running: { child: ChildProcess; address: Promise<AppServerAddress> } | null = null;
  let idle: NodeJS.Timeout | null = null;

  const start = () => {
    const [file = "", ...args] = launch(uid, [nodePath, `--max-old-space-size=${MEMORY_MB}`, PROGRAM]);
    const child = spawn(file, args, { cwd: "/", env: { PATH: "/usr/bin:/bin" }, stdio: ["pipe", "pipe", "ignore"] });
    // Whether it is gone is told by its exit.
    child.stdin.on("error", () => undefined);
    const request: AppProgramRequest = { appsDir, token: randomBytes(32).toString("base64url"), listMax: foundAppsMax };
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const started = { child, address: readAddress(child, request.token) };
    const forget = () => {
      if (running === started) running = null;
    };
    child.once("exit", forget).once("error", forget);
    started.address.catch(() => child.kill("SIGKILL"));
    return started;
  };

  const end = async () => {
    if (idle !== null) clearTimeout(idle);
    const ending = running;
    running = null;
    if (ending === null) return;
    const { child } = ending;
    const exited = child.exitCode === null && child.signalCode === null ? once(child, "exit") : null;
    child.stdin?.end();
    child.kill("SIGTERM");
    await exited;
  };

  return {
    stop: end,
    address() {
      if (idle !== null) clearTimeout(idle);
      idle = setTimeout(() => void end(), idleMs).unref();
      running ??= start();
      return running.address;
    },
  };
}

async function readAddress(child: ChildProcess, token: string): Promise<AppServerAddress> {
  const cancel = new AbortController();
  const { signal } = cancel;
  const deadline = setTimeout(() => cancel.abort(new Error("it took too long")), START_TIMEOUT_MS);
  try {
    if (child.stdout === null) throw new Error("it has no output");
    const lines = createInterface({ input: child.stdout });
    const gone = once(child, "exit", { signal }).then(() => Promise.reject(new Error("it ended at once")));
    const [line] = (await Promise.race([once(lines, "line", { signal }), gone])) as [string];
    const { port } = JSON.parse(line) as { port: number };
    return { port, token };
  } catch (cause) {
    throw new Error("the program that serves apps could not be started", { cause });
  } finally {
    clearTimeout(deadline);
    cancel.abort();
  }
}
