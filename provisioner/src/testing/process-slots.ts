import { execFileSync } from "node:child_process";
import { cpSync, existsSync, linkSync, writeFileSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeSilentLog } from "@automna/service-kit/log";
import { newId } from "@automna/service-kit/new-id";
import { newRootKey } from "@automna/service-kit/slot-keys";
import { findFreePort } from "@automna/testkit/free-port";
import { afterEach, beforeEach } from "vitest";
import type { SlotSpec } from "../agents/agent-runtime.ts";
import { findProcess } from "../process/process-table.ts";
import { startProcessRuntime, type ProcessRuntime } from "../process/process-runtime.ts";
import { slotPaths, type SlotPaths } from "../process/slot-paths.ts";

export const isRoot = process.getuid?.() === 0;
/** A call that nobody gives up and that holds the lease. */
export const call = { signal: new AbortController().signal, fencing: 1n };

/** What the stand-in says of itself. */
export interface StandIn {
  pid: number;
  gatewayPid: number | null;
  uid: number;
}

/** Process runtimes over a folder of the test's own, with stand-ins for agentd; all of it is gone after each test. */
export function useProcessSlots() {
  let folder: string;
  let slotsDir: string;
  let runtimes: ProcessRuntime[] = [];
  let made: string[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "automna-process-test-"));
    await chmod(folder, 0o711);
    slotsDir = join(folder, "slots");
    // Where other users can read it.
    cpSync(join(import.meta.dirname, "stand-in-agent.ts"), join(folder, "agent.ts"));
    await chmod(join(folder, "agent.ts"), 0o644);
  });

  afterEach(async () => {
    for (const runtime of runtimes) await runtime.close();
    const last = await runtime();
    for (const slotId of made) await last.delete(slotId, call);
    await last.close();
    runtimes = [];
    made = [];
    await rm(folder, { recursive: true, force: true });
  });

  async function runtime(
    over: { stopGraceMs?: number; watchEveryMs?: number; log?: ReturnType<typeof makeSilentLog> } = {},
  ): Promise<ProcessRuntime> {
    const started = await startProcessRuntime({
      slotsDir,
      firstPort: 1,
      images: {
        installed: {
          command: [nodeForAll(), join(folder, "agent.ts")],
          gatewayDir: "/nowhere",
          gatewayCommand: null,
          egressUrls: ["http://127.0.0.1:1"],
          timeZone: "UTC",
          logLevel: "info",
        },
      },
      clock: Date.now,
      log: makeSilentLog(),
      stopGraceMs: 3_000,
      watchEveryMs: 60_000,
      ...over,
    });
    runtimes.push(started);
    return started;
  }

  /** As root the stand-in runs under another user, who may not reach the checkout's Node. */
  function nodeForAll(): string {
    if (!isRoot) return process.execPath;
    const copy = join(folder, "node");
    if (!existsSync(copy)) {
      try {
        linkSync(process.execPath, copy);
      } catch {
        // Another disk.
        cpSync(process.execPath, copy);
      }
    }
    return copy;
  }

  async function newSpec(over: Partial<SlotSpec> = {}): Promise<SlotSpec> {
    const slotId = newId("slt");
    made.push(slotId);
    // Users follow from the port's place in the range, which starts at 1 here.
    let port = await findFreePort();
    while (port >= 9_000) port = await freeBelow(9_000);
    const limits = { memoryMb: 2_000, cpus: 1, pids: 100, volumeMb: 100 };
    const place = { nodeId: "local", host: "127.0.0.1", port, image: "installed" };
    return { slotId, keyGeneration: 1, rootKey: newRootKey(), ...place, ...limits, ...over };
  }

  const pathsOf = (slotId: string): SlotPaths => slotPaths(slotsDir, slotId);

  function behave(slotId: string, behaviour: object): void {
    const path = join(pathsOf(slotId).agentd, "behaviour.json");
    writeFileSync(path, JSON.stringify(behaviour));
    execFileSync("chmod", ["644", path]);
  }

  async function started(on: ProcessRuntime, behaviour?: object, over: Partial<SlotSpec> = {}) {
    const spec = await newSpec(over);
    await on.create(spec, call);
    if (behaviour !== undefined) behave(spec.slotId, behaviour);
    await on.start(spec, call);
    return { spec, standIn: await untilAnswering(spec) };
  }

  return { folder: () => folder, slotsDir: () => slotsDir, runtime, newSpec, pathsOf, behave, started };
}

export async function untilAnswering({ host, port }: SlotSpec): Promise<StandIn> {
  for (let i = 0; i < 800; i += 1) {
    try {
      const answer = await fetch(`http://${host}:${port}/_automna/status`);
      return (await answer.json()) as StandIn;
    } catch {
      await sleep(50);
    }
  }
  throw new Error("the stand-in does not answer");
}

export async function until(check: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 200; i += 1) {
    if (await check()) return;
    await sleep(50);
  }
  throw new Error("that did not happen");
}

export const live = async (pid: number | null) => pid !== null && (await findProcess(pid)) !== null;

let nextPort = 6_100 + (process.pid % 500) * 5;
async function freeBelow(limit: number): Promise<number> {
  nextPort = nextPort >= limit ? 6_100 : nextPort + 1;
  return nextPort;
}
