import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { GatewayExit } from "./gateway-exit.ts";
import type { GatewayLog } from "./gateway-log.ts";
import { launch } from "./launcher.ts";
import { sweepGateway, type GatewayMark } from "./process-sweep.ts";

/** OpenClaw's own budget is 325 s (an unreachable channel used all of it); past this it is killed (design D14). */
export const STOP_GRACE_MS = 30_000;

export interface GatewayCommand {
  argv: readonly string[];
  environment: Record<string, string>;
  mark: GatewayMark;
  log: GatewayLog;
}

export interface GatewayProcess {
  pid: number;
  /** Resolves as soon as the process itself is gone. */
  ended: Promise<unknown>;
  /** Resolves once the process and everything it left behind has ended; never rejects while the sweep can kill. */
  exited: Promise<GatewayExit>;
  /** Asks it to end, kills it after `graceMs`; resolves like `exited`. */
  stop(cause: string, graceMs?: number): Promise<GatewayExit>;
}

/** Starts a gateway in its own process group; resolves when the process is there, rejects when it can't be started. */
export async function startGateway({ argv, environment, mark, log }: GatewayCommand): Promise<GatewayProcess> {
  const [file = "", ...args] = launch(mark.uid, argv);
  // The state folder is closed to agentd, and a child changes folder before it changes user.
  const child = spawn(file, args, { cwd: "/", env: environment, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.on("data", (chunk: Buffer) => log.write(chunk));
  child.stderr.on("data", (chunk: Buffer) => log.write(chunk));
  const ended = new Promise<GatewayExit>((resolve) => child.on("exit", (code, signal) => resolve({ code, signal })));
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  const pid = child.pid ?? 0;
  let cause: string | undefined;
  const exited = ended.then(async (exit) => {
    killGroup(pid);
    await sweepGateway(mark);
    return cause === undefined ? exit : { ...exit, cause };
  });
  return {
    pid,
    ended,
    exited,
    async stop(why, graceMs = STOP_GRACE_MS) {
      cause ??= why;
      const cancel = new AbortController();
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
      const inTime = await Promise.race([
        exited.then(() => true),
        sleep(graceMs, false, { signal: cancel.signal, ref: true }).catch(() => true),
      ]);
      cancel.abort();
      if (!inTime) killGroup(pid);
      return exited;
    },
  };
}

/** SIGKILL to the group; a group that is gone is what was wanted. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
