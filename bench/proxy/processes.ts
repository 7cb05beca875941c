import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What is measured has a core of its own; who asks and who answers share another. */
export const cores = { measured: availableParallelism() - 1, others: 0 };
/** 10,000 pairs of sockets are 20,000 descriptors and some; fewer where the machine does not let us. */
const DESCRIPTORS_WANTED = 24_000;
const DESCRIPTORS = mayOpen(DESCRIPTORS_WANTED) ? DESCRIPTORS_WANTED : Math.min(DESCRIPTORS_WANTED, hardLimit());
/** Besides the sockets. */
const DESCRIPTORS_OTHER = 150;

/** As many pairs as one process may hold, at most 10,000. */
export const pairsMax = Math.min(10_000, Math.floor((DESCRIPTORS - DESCRIPTORS_OTHER) / 2));

/** True for whoever may raise the limit, or has it. */
function mayOpen(descriptors: number): boolean {
  return spawnSync("prlimit", [`--nofile=${descriptors}:${descriptors}`, "true"]).status === 0;
}

/** Of open files, for this process and its children (proc_pid_limits). */
function hardLimit(): number {
  const limits = readFileSync("/proc/self/limits", "utf8");
  return Number(/^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
}

export interface Started {
  pid: number;
  /** What it said of itself when it was ready. */
  ready: Record<string, unknown>;
  ask: <Answer>(message: object) => Promise<Answer>;
  stop: () => Promise<void>;
}

/** Starts one of our files on one core, with garbage collection on request, and waits until it is ready. */
export async function startPinned(file: string, core: number, settings: object): Promise<Started> {
  const child = spawnPinned(
    core,
    [process.execPath, "--expose-gc", join(import.meta.dirname, file), JSON.stringify(settings)],
    ["ignore", "ignore", "inherit", "ipc"],
  );
  const failed = once(child, "exit").then(([code]) => {
    throw new Error(`${file} ended with ${String(code)}`);
  });
  failed.catch(() => undefined);
  const [ready] = (await Promise.race([once(child, "message"), failed])) as [Record<string, unknown>];
  return {
    pid: child.pid ?? 0,
    ready,
    async ask<Answer>(message: object) {
      const answered = once(child, "message");
      child.send(message);
      const [answer] = (await Promise.race([answered, failed])) as [Answer & { error?: string }];
      if (answer.error !== undefined) throw new Error(`${file}: ${answer.error}`);
      return answer;
    },
    stop: () => stopChild(child),
  };
}

/** Any program on one core. `taskset` and `prlimit` (util-linux) replace themselves by it: the pid is the program's. */
export function spawnPinned(
  core: number,
  command: readonly string[],
  stdio: ("ignore" | "inherit" | "ipc")[],
): ChildProcess {
  const wrapped = [`--nofile=${DESCRIPTORS}:${DESCRIPTORS}`, "taskset", "-c", String(core), ...command];
  const child = spawn("prlimit", wrapped, { stdio });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

const running = new Set<ChildProcess>();
// Not all of them notice that we are gone.
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}
