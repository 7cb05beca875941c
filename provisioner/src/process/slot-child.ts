import { spawn } from "node:child_process";
import type { ExitCause } from "@automna/core/agents/observed-slot";
import { openSlotLog } from "./slot-log.ts";
import type { SlotPaths } from "./slot-paths.ts";

export interface SlotChild {
  pid: number;
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/**
 * Starts a command in a session of its own, writing to the slot's log, so that it outlives us and Ctrl-C does not reach
 * it. Rejects when it can't be started.
 */
export async function spawnSlotChild(
  paths: SlotPaths,
  [file = "", ...args]: readonly string[],
  env: Record<string, string>,
): Promise<SlotChild> {
  const log = await openSlotLog(paths.log);
  try {
    const child = spawn(file, args, { cwd: paths.agentd, env, detached: true, stdio: ["ignore", log.fd, log.fd] });
    const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
      child.once("exit", (code, signal) => resolve({ code, signal }));
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    child.unref();
    return { pid: child.pid ?? 0, exited };
  } finally {
    await log.close();
  }
}

/** Why a process ended that we started and did not ask to end. */
export function causeOfExit({ code, signal }: { code: number | null; signal: NodeJS.Signals | null }): ExitCause {
  if (signal === "SIGKILL" || signal === "SIGTERM") return "killed";
  return code === null && signal === null ? "unknown" : "crashed";
}
