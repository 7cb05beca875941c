import { spawn, type ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { SystemIdentity } from "./postgres-user.ts";

/** Starts one of Postgres' programs, as the given user when there is one. */
export function launch(file: string, args: string[], identity: SystemIdentity | null): ChildProcess {
  return spawn(file, args, {
    // Not the caller's folder, which the server's user may not be allowed to enter.
    cwd: "/",
    env: { PATH: process.env["PATH"], LC_ALL: "C", TZ: "UTC" },
    stdio: ["ignore", "pipe", "pipe"],
    ...identity,
  });
}

const TAIL_LENGTH = 4_000;

/** Waits for the end of a process; a program that could not be started counts as ended, with the reason as its output. */
export function finished(child: ChildProcess): Promise<{ code: number | null; tail: string }> {
  let tail = "";
  const keep = (chunk: Buffer) => {
    tail = (tail + chunk.toString("utf8")).slice(-TAIL_LENGTH);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ code: null, tail: error.message }));
    child.once("close", (code) => resolve({ code, tail: tail.trim() }));
  });
}

// Postgres' own ladder: fast (rolls back and checkpoints), immediate (as after a crash), and the kernel's.
const STOP_LADDER = [
  { signal: "SIGINT", waitMs: 15_000 },
  { signal: "SIGQUIT", waitMs: 5_000 },
  { signal: "SIGKILL", waitMs: 5_000 },
] as const;

/** Stops the server process and resolves when `gone` does; throws when not even SIGKILL helps. */
export async function stopPostgresProcess(pid: number, gone: Promise<unknown>): Promise<void> {
  for (const { signal, waitMs } of STOP_LADDER) {
    if (pid > 0) sendSignal(pid, signal);
    const isGone = await Promise.race([gone.then(() => true), sleep(waitMs, false, { ref: false })]);
    if (isGone) return;
  }
  throw new Error(`Postgres (pid ${pid}) does not stop, not even when killed.`);
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
