import { spawn, type ChildProcess } from "node:child_process";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ScenarioContext } from "../harness/scenario.ts";
import type { Ledger } from "./ledger.ts";

/** The real service as several processes side by side, each started again when it ends, as Swarm does it. */
export interface Provisioners {
  /** Processes that ended by anything but the plan. */
  otherEnds: () => readonly { code: number | null; signal: string | null; atMs: number }[];
  /** Time from each start to being ready, ms. */
  startMs: () => readonly number[];
  stop: () => Promise<void>;
}

const MAIN = fileURLToPath(new URL("../../../provisioner/src/main.ts", import.meta.url));
const KILL_POINTS = new URL("kill-points.ts", import.meta.url).href;
/** What Swarm's restart policy waits after an end that nobody wished (compose/stack.yml). */
const RESTART_DELAY_MS = 1_000;

export function startProvisioners(
  ctx: ScenarioContext,
  {
    count,
    env,
    ledger,
    folder,
  }: { count: number; env: Readonly<Record<string, string>>; ledger: Ledger; folder: string },
): Provisioners {
  const otherEnds: { code: number | null; signal: string | null; atMs: number }[] = [];
  const startMs: number[] = [];
  const children = new Map<number, ChildProcess>();
  const stopping = new AbortController();

  const live = async (lane: number) => {
    const log = join(folder, `provisioner-${lane}.log`);
    while (!stopping.signal.aborted) {
      const startedAt = Date.now();
      const child = spawn(process.execPath, ["--import", KILL_POINTS, MAIN], {
        env: {
          PATH: process.env["PATH"],
          ...env,
          KILL_POINTS_FOLDER: ledger.folder,
          // A killed process is compiled again every time otherwise, which is most of its start.
          NODE_COMPILE_CACHE: join(folder, "compiled"),
        },
        stdio: ["ignore", "pipe", "pipe", "ipc"],
      });
      children.set(lane, child);
      for (const stream of [child.stdout, child.stderr])
        stream?.on("data", (chunk: Buffer) => appendFileSync(log, chunk));
      child.once("message", () => startMs.push(Date.now() - startedAt));
      const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
      const death = signal === "SIGKILL" ? ledger.noteEnd(child.pid ?? 0) : null;
      if (death !== null) continue;
      if (stopping.signal.aborted) return;
      otherEnds.push({ code, signal, atMs: Date.now() });
      await sleep(RESTART_DELAY_MS);
    }
  };
  const lanes = Array.from({ length: count }, (_, lane) => live(lane));
  const stop = async () => {
    stopping.abort();
    for (const child of children.values())
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    await Promise.all(lanes);
  };
  ctx.onCleanup("stop the provisioners", stop);
  return {
    otherEnds: () => otherEnds,
    startMs: () => startMs,
    stop,
  };
}
