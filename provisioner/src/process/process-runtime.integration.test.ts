import { execFileSync } from "node:child_process";
import {
  chownSync,
  cpSync,
  existsSync,
  lchownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeSilentLog } from "@automna/service-kit/log";
import { newId } from "@automna/service-kit/new-id";
import { newRootKey } from "@automna/service-kit/slot-keys";
import { findFreePort } from "@automna/testkit/free-port";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SlotSpec } from "../agents/agent-runtime.ts";
import { isAlive } from "./end-slot.ts";
import { findProcess } from "./process-table.ts";
import { startProcessRuntime, type ProcessRuntime } from "./process-runtime.ts";
import { slotPaths, type SlotPaths } from "./slot-paths.ts";
import { findSlotProcesses } from "./slot-processes.ts";

const isRoot = process.getuid?.() === 0;
const call = { signal: new AbortController().signal, fencing: 1n };
const { signal } = call;

let folder: string;
let slotsDir: string;
let runtimes: ProcessRuntime[] = [];
let made: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "automna-process-test-"));
  await chmod(folder, 0o711);
  slotsDir = join(folder, "slots");
  // Where other users can read it.
  cpSync(join(import.meta.dirname, "../testing/stand-in-agent.ts"), join(folder, "agent.ts"));
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

let nextPort = 6_100 + (process.pid % 500) * 5;
async function freeBelow(limit: number): Promise<number> {
  nextPort = nextPort >= limit ? 6_100 : nextPort + 1;
  return nextPort;
}

const pathsOf = (slotId: string): SlotPaths => slotPaths(slotsDir, slotId);

function behave(slotId: string, behaviour: object): void {
  const path = join(pathsOf(slotId).agentd, "behaviour.json");
  writeFileSync(path, JSON.stringify(behaviour));
  execFileSync("chmod", ["644", path]);
}

interface StandIn {
  pid: number;
  gatewayPid: number | null;
  uid: number;
}

async function untilAnswering({ host, port }: SlotSpec): Promise<StandIn> {
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

async function until(check: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 200; i += 1) {
    if (await check()) return;
    await sleep(50);
  }
  throw new Error("that did not happen");
}

async function started(on: ProcessRuntime, behaviour?: object, over: Partial<SlotSpec> = {}) {
  const spec = await newSpec(over);
  await on.create(spec, call);
  if (behaviour !== undefined) behave(spec.slotId, behaviour);
  await on.start(spec, call);
  return { spec, standIn: await untilAnswering(spec) };
}

const live = async (pid: number | null) => pid !== null && (await findProcess(pid)) !== null;

describe("a slot's life", () => {
  test("is absent, then stopped, then running, then stopped cleanly, then gone without a trace", async () => {
    const on = await runtime();
    const spec = await newSpec();
    expect(await on.observe(spec.slotId, signal)).toEqual({ kind: "absent" });
    await on.create(spec, call);
    expect(await on.observe(spec.slotId, signal)).toEqual({ kind: "stopped", lastExit: "clean", endedAtMs: null });
    await on.start(spec, call);
    expect((await on.observe(spec.slotId, signal)).kind).toBe("running");
    const { pid, gatewayPid } = await untilAnswering(spec);
    expect(await on.listOwned(signal)).toEqual([spec.slotId]);
    await on.stop(spec.slotId, call);
    expect(await on.observe(spec.slotId, signal)).toMatchObject({
      kind: "stopped",
      lastExit: "clean",
      endedAtMs: expect.any(Number),
    });
    expect([await live(pid), await live(gatewayPid)]).toEqual([false, false]);
    await on.delete(spec.slotId, call);
    expect(await on.observe(spec.slotId, signal)).toEqual({ kind: "absent" });
    expect(readdirSync(slotsDir)).toEqual(["installation-id"]);
  });

  test("every call can be repeated", async () => {
    const on = await runtime();
    const { spec, standIn } = await started(on);
    const key = readFileSync(pathsOf(spec.slotId).rootKey, "utf8");
    await on.create({ ...spec, rootKey: newRootKey() }, call);
    expect(readFileSync(pathsOf(spec.slotId).rootKey, "utf8")).toBe(key);
    await on.stop(spec.slotId, call);
    await on.stop(spec.slotId, call);
    await on.delete(spec.slotId, call);
    await on.delete(spec.slotId, call);
    expect(await live(standIn.pid)).toBe(false);
  });

  test("its data is there after stop and start", async () => {
    const on = await runtime();
    const { spec } = await started(on);
    writeFileSync(join(pathsOf(spec.slotId).state, "memory.txt"), "kept");
    await on.stop(spec.slotId, call);
    await on.start(spec, call);
    await untilAnswering(spec);
    expect(readFileSync(join(pathsOf(spec.slotId).state, "memory.txt"), "utf8")).toBe("kept");
  });

  test("two starts at once are one process", async () => {
    const [one, other] = [await runtime(), await runtime()];
    const spec = await newSpec();
    await one.create(spec, call);
    const outcomes = await Promise.allSettled([one.start(spec, call), other.start(spec, call), one.start(spec, call)]);
    expect(outcomes.filter((outcome) => outcome.status === "fulfilled")).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "slot_running" });
    await untilAnswering(spec);
    await expect(other.start(spec, call)).rejects.toMatchObject({ code: "slot_running" });
    expect(
      readFileSync(join(pathsOf(spec.slotId).agentd, "starts.log"), "utf8")
        .trim()
        .split("\n"),
    ).toHaveLength(1);
  });
});

describe("a dozing slot", () => {
  test("is frozen as a whole, wakes where it was, and can be told from a running one by a later provisioner", async () => {
    const on = await runtime();
    const { spec, standIn } = await started(on);
    await on.doze(spec.slotId, call);
    await on.doze(spec.slotId, call);
    for (const pid of [standIn.pid, standIn.gatewayPid ?? 0]) expect((await findProcess(pid))?.isStopped).toBe(true);
    expect(await (await runtime()).observe(spec.slotId, signal)).toMatchObject({ kind: "running", isDozing: true });
    await expect(fetch(`http://${spec.host}:${spec.port}/`, { signal: AbortSignal.timeout(300) })).rejects.toThrow(
      /timeout/,
    );
    await on.wake(spec.slotId, call);
    await on.wake(spec.slotId, call);
    expect(await on.observe(spec.slotId, signal)).toMatchObject({ kind: "running", isDozing: false });
    expect(await untilAnswering(spec)).toEqual(standIn);
  });

  test("a doze that a crash cut short counts as none, and is done again", async () => {
    const on = await runtime();
    const { spec, standIn } = await started(on);
    process.kill(standIn.gatewayPid ?? 0, "SIGSTOP");
    expect(await on.observe(spec.slotId, signal)).toMatchObject({ isDozing: false });
    await on.doze(spec.slotId, call);
    expect(await on.observe(spec.slotId, signal)).toMatchObject({ isDozing: true });
  });

  test("stops as cleanly as a running one", async () => {
    const on = await runtime();
    const { spec, standIn } = await started(on);
    await on.doze(spec.slotId, call);
    await on.stop(spec.slotId, call);
    expect([await live(standIn.pid), await live(standIn.gatewayPid)]).toEqual([false, false]);
    expect(await on.observe(spec.slotId, signal)).toMatchObject({ kind: "stopped", lastExit: "clean" });
    await expect(on.doze(spec.slotId, call)).rejects.toMatchObject({ code: "slot_not_running" });
    await expect(on.wake(spec.slotId, call)).rejects.toMatchObject({ code: "slot_not_running" });
  });
});

describe("copies of a volume", () => {
  test("go to another slot with everything but the marker and the key, as often as asked", async () => {
    const on = await runtime();
    const [from, to] = [await newSpec(), await newSpec()];
    await on.create(from, call);
    await on.create(to, call);
    const key = readFileSync(pathsOf(to.slotId).rootKey, "utf8");
    writeCustomerFiles(from.slotId, "first");
    writeFileSync(join(pathsOf(from.slotId).agentd, "claim.json"), "claimed");
    writeFileSync(join(pathsOf(to.slotId).state, "leftover"), "of an earlier try");
    await on.copyVolume({ from: from.slotId, to: to.slotId }, call);
    writeCustomerFiles(from.slotId, "second");
    await on.copyVolume({ from: from.slotId, to: to.slotId }, call);
    const state = pathsOf(to.slotId).state;
    expect(readFileSync(join(state, "notes/memory.txt"), "utf8")).toBe("second");
    expect(readlinkSync(join(state, "link"))).toBe("/etc/passwd");
    expect(readFileSync(join(pathsOf(to.slotId).agentd, "claim.json"), "utf8")).toBe("claimed");
    expect(existsSync(join(state, "leftover"))).toBe(false);
    expect(readFileSync(pathsOf(to.slotId).rootKey, "utf8")).toBe(key);
    expect(statSync(join(state, "notes/memory.txt")).uid).toBe(statSync(state).uid);
    if (isRoot) expect(statSync(state).uid).not.toBe(statSync(pathsOf(from.slotId).state).uid);
    await on.start(to, call);
    await untilAnswering(to);
    await on.start(from, call);
  });

  test("are made neither from nor to a slot that runs", async () => {
    const on = await runtime();
    const { spec: runs } = await started(on);
    const idle = await newSpec();
    await on.create(idle, call);
    const refused = { code: "slot_running" };
    await expect(on.copyVolume({ from: runs.slotId, to: idle.slotId }, call)).rejects.toMatchObject(refused);
    await expect(on.copyVolume({ from: idle.slotId, to: runs.slotId }, call)).rejects.toMatchObject(refused);
    await expect(on.snapshot(runs.slotId, "before", call)).rejects.toMatchObject(refused);
    await expect(on.resize(runs, call)).rejects.toMatchObject(refused);
  });

  test("a copy that was cut short can't be started, and the next one ends it", async () => {
    const on = await runtime();
    const [from, to] = [await newSpec(), await newSpec()];
    await on.create(from, call);
    await on.create(to, call);
    writeCustomerFiles(from.slotId, "whole");
    rmSync(pathsOf(to.slotId).state, { recursive: true });
    mkdirSync(join(pathsOf(to.slotId).root, "incoming/state"), { recursive: true });
    await expect(on.start(to, call)).rejects.toMatchObject({ code: "slot_data_missing" });
    await on.copyVolume({ from: from.slotId, to: to.slotId }, call);
    await on.start(to, call);
    await untilAnswering(to);
    expect(readFileSync(join(pathsOf(to.slotId).state, "notes/memory.txt"), "utf8")).toBe("whole");
  });

  test("a snapshot keeps the volume as it was, comes back as often as asked, and goes", async () => {
    const on = await runtime();
    const spec = await newSpec();
    await on.create(spec, call);
    const memory = join(pathsOf(spec.slotId).state, "notes/memory.txt");
    writeCustomerFiles(spec.slotId, "before");
    await on.snapshot(spec.slotId, "upgrade-2", call);
    writeCustomerFiles(spec.slotId, "after");
    await on.snapshot(spec.slotId, "upgrade-2", call);
    for (let i = 0; i < 2; i += 1) {
      await on.restoreSnapshot(spec.slotId, "upgrade-2", call);
      expect(readFileSync(memory, "utf8")).toBe("before");
      writeCustomerFiles(spec.slotId, "after");
    }
    await on.start(spec, call);
    await untilAnswering(spec);
    await on.stop(spec.slotId, call);
    await on.deleteSnapshot(spec.slotId, "upgrade-2", call);
    await on.deleteSnapshot(spec.slotId, "upgrade-2", call);
    await expect(on.restoreSnapshot(spec.slotId, "upgrade-2", call)).rejects.toMatchObject({
      code: "snapshot_missing",
    });
    await expect(on.snapshot(spec.slotId, "../outside", call)).rejects.toThrow(TypeError);
  });
});

describe("limits and images", () => {
  test("a resize counts from the next start", async () => {
    const on = await runtime({ watchEveryMs: 200 });
    const spec = await newSpec({ memoryMb: 300 });
    await on.create(spec, call);
    behave(spec.slotId, { eatsMb: 400 });
    await on.resize({ ...spec, memoryMb: 2_000 }, call);
    const file = JSON.parse(readFileSync(join(pathsOf(spec.slotId).root, "slot.json"), "utf8")) as object;
    expect(file).toMatchObject({ memoryMb: 2_000 });
    await on.start({ ...spec, memoryMb: 2_000 }, call);
    await untilAnswering(spec);
    await sleep(600);
    expect((await on.observe(spec.slotId, signal)).kind).toBe("running");
  });

  test("an image that is not installed starts nothing", async () => {
    const on = await runtime();
    const spec = await newSpec({ image: "another" });
    await on.create(spec, call);
    await expect(on.start(spec, call)).rejects.toMatchObject({ code: "image_missing" });
  });
});

function writeCustomerFiles(slotId: string, text: string): void {
  const { state } = pathsOf(slotId);
  const owner = statSync(state);
  mkdirSync(join(state, "notes"), { recursive: true, mode: 0o750 });
  writeFileSync(join(state, "notes/memory.txt"), text);
  rmSync(join(state, "link"), { force: true });
  symlinkSync("/etc/passwd", join(state, "link"));
  for (const path of ["notes", "notes/memory.txt"]) chownSync(join(state, path), owner.uid, owner.gid);
  lchownSync(join(state, "link"), owner.uid, owner.gid);
}

describe("how a run ends", () => {
  test("a crash, a kill and a stop are told apart, and announced", async () => {
    const on = await runtime();
    const changes: string[] = [];
    on.onChange((slotId) => changes.push(slotId));
    const crashing = await newSpec();
    await on.create(crashing, call);
    behave(crashing.slotId, { exitCode: 3 });
    await on.start(crashing, call);
    await until(async () => changes.includes(crashing.slotId));
    expect(await on.observe(crashing.slotId, signal)).toMatchObject({ kind: "stopped", lastExit: "crashed" });
    const { spec, standIn } = await started(on, { isAlone: true });
    process.kill(standIn.pid, "SIGKILL");
    await until(async () => changes.includes(spec.slotId));
    expect(await on.observe(spec.slotId, signal)).toMatchObject({ kind: "stopped", lastExit: "killed" });
  });

  test("an agentd that does not stop in time is killed with everything it started", async () => {
    const on = await runtime({ stopGraceMs: 300 });
    const { spec, standIn } = await started(on, { ignoresSigterm: true });
    await on.stop(spec.slotId, call);
    expect([await live(standIn.pid), await live(standIn.gatewayPid)]).toEqual([false, false]);
    expect(await on.observe(spec.slotId, signal)).toMatchObject({ kind: "stopped", lastExit: "clean" });
  });

  test("a gateway that outlived its agentd is ended before the slot starts again", async () => {
    const on = await runtime({ stopGraceMs: 300 });
    const { spec, standIn } = await started(on);
    process.kill(standIn.pid, "SIGKILL");
    await until(async () => (await on.observe(spec.slotId, signal)).kind === "stopped");
    expect(await live(standIn.gatewayPid)).toBe(true);
    await on.start(spec, call);
    expect(await live(standIn.gatewayPid)).toBe(false);
    const next = await untilAnswering(spec);
    expect(next.pid).not.toBe(standIn.pid);
  });

  test("a slot above its memory limit is ended, and its end says so", async () => {
    const on = await runtime({ watchEveryMs: 200 });
    const spec = await newSpec({ memoryMb: 300 });
    await on.create(spec, call);
    behave(spec.slotId, { eatsMb: 400 });
    await on.start(spec, call);
    await until(async () => (await on.observe(spec.slotId, signal)).kind === "stopped");
    expect(await on.observe(spec.slotId, signal)).toMatchObject({ lastExit: "out_of_memory" });
  });
});

describe("a provisioner that was killed", () => {
  test("finds its slots running again and can stop them", async () => {
    const { spec, standIn } = await started(await runtime());
    const next = await runtime();
    expect((await next.observe(spec.slotId, signal)).kind).toBe("running");
    await next.stop(spec.slotId, call);
    expect([await live(standIn.pid), await live(standIn.gatewayPid)]).toEqual([false, false]);
    expect(await next.observe(spec.slotId, signal)).toMatchObject({ kind: "stopped", lastExit: "clean" });
  });

  test.runIf(process.platform === "linux")(
    "between starting agentd and writing that down adopts what it started",
    async () => {
      const { spec, standIn } = await started(await runtime());
      rmSync(join(pathsOf(spec.slotId).root, "pid.json"));
      const next = await runtime();
      expect((await next.observe(spec.slotId, signal)).kind).toBe("running");
      await expect(next.start(spec, call)).rejects.toMatchObject({ code: "slot_running" });
      await next.stop(spec.slotId, call);
      expect(await live(standIn.pid)).toBe(false);
    },
  );

  test("while creating or deleting leaves nothing that the next one can't finish", async () => {
    const on = await runtime();
    const spec = await newSpec();
    mkdirSync(join(slotsDir, `.new-${spec.slotId}`, "state"), { recursive: true });
    await on.create(spec, call);
    expect((await on.observe(spec.slotId, signal)).kind).toBe("stopped");
    execFileSync("mv", [pathsOf(spec.slotId).root, join(slotsDir, `.old-${spec.slotId}`)]);
    expect(await on.observe(spec.slotId, signal)).toEqual({ kind: "absent" });
    expect(await on.listOwned(signal)).toEqual([spec.slotId]);
    await on.delete(spec.slotId, call);
    expect(await on.listOwned(signal)).toEqual([]);
  });

  test("knows an end that nobody saw only as unknown", async () => {
    const first = await runtime();
    const { spec } = await started(first);
    const pidFile = join(pathsOf(spec.slotId).root, "pid.json");
    const run = readFileSync(pidFile, "utf8");
    await (await runtime()).stop(spec.slotId, call);
    // The first one, whose child it was, has seen it too.
    await first.stop(spec.slotId, call);
    writeFileSync(pidFile, run);
    expect(await (await runtime()).observe(spec.slotId, signal)).toMatchObject({
      kind: "stopped",
      lastExit: "unknown",
    });
  });
});

describe("whose slot it is", () => {
  test("a volume without its marker, or with another slot's, is not started", async () => {
    const on = await runtime();
    const [spec, other] = [await newSpec(), await newSpec()];
    await on.create(spec, call);
    await on.create(other, call);
    const marker = join(pathsOf(spec.slotId).state, ".automna-slot");
    cpSync(join(pathsOf(other.slotId).state, ".automna-slot"), marker, { force: true });
    await expect(on.start(spec, call)).rejects.toMatchObject({ code: "slot_data_missing" });
    rmSync(marker);
    await expect(on.start(spec, call)).rejects.toMatchObject({ code: "slot_data_missing" });
    execFileSync("ln", ["-s", "/etc/passwd", marker]);
    await expect(on.start(spec, call)).rejects.toMatchObject({ code: "slot_data_missing" });
  });

  test("another installation's folder is neither listed nor touched", async () => {
    const on = await runtime();
    const spec = await newSpec();
    await on.create(spec, call);
    const file = join(pathsOf(spec.slotId).root, "slot.json");
    const mine = readFileSync(file, "utf8");
    writeFileSync(file, JSON.stringify({ ...(JSON.parse(mine) as object), installId: "another" }));
    expect(await on.listOwned(signal)).toEqual([]);
    await expect(on.delete(spec.slotId, call)).rejects.toMatchObject({ code: "slot_data_missing" });
    writeFileSync(file, mine);
  });

  test("a port that a stranger holds is a clear failure", async () => {
    const on = await runtime();
    const spec = await newSpec();
    await on.create(spec, call);
    const stranger = createServer().listen(spec.port, spec.host);
    await expect(on.start(spec, call)).rejects.toMatchObject({ code: "port_taken" });
    stranger.close();
  });

  test("folders are closed to everybody else", async () => {
    const on = await runtime();
    const { spec } = await started(on);
    const paths = pathsOf(spec.slotId);
    for (const path of [paths.state, paths.agentd]) expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(paths.rootKey).mode & 0o777).toBe(0o600);
    expect(statSync(paths.log).mode & 0o777).toBe(0o600);
  });

  test.runIf(isRoot)(
    "as root every slot has users of its own, that see neither each other's files nor agentd's",
    async () => {
      const on = await runtime();
      const [one, other] = [await started(on), await started(on)];
      expect(new Set([0, one.standIn.uid, other.standIn.uid]).size).toBe(3);
      const paths = pathsOf(one.spec.slotId);
      const gatewayUid = statSync(paths.state).uid;
      expect([statSync(paths.agentd).uid, gatewayUid]).toEqual([one.standIn.uid, one.standIn.uid + 1]);
      const readAs = (uid: number, path: string) =>
        execFileSync("setpriv", ["--reuid", String(uid), "--regid", String(uid), "--clear-groups", "cat", path], {
          stdio: "pipe",
        });
      expect(() => readAs(gatewayUid, paths.rootKey)).toThrow(/Permission denied/);
      expect(() => readAs(other.standIn.uid, paths.rootKey)).toThrow(/Permission denied/);
      expect(() => readAs(gatewayUid, join(paths.root, "pid.json"))).toThrow(/Permission denied/);
      expect(readAs(gatewayUid, join(paths.state, ".automna-slot")).length).toBeGreaterThan(0);
    },
  );

  test.runIf(isRoot)("what runs as the slot's user is the slot's, wherever it came from", async () => {
    const on = await runtime();
    const { spec, standIn } = await started(on);
    const uid = statSync(pathsOf(spec.slotId).state).uid;
    const { spawn } = await import("node:child_process");
    const stray = spawn("setpriv", ["--reuid", String(uid), "--regid", String(uid), "--clear-groups", "sleep", "60"], {
      detached: true,
      stdio: "ignore",
      env: { PATH: process.env["PATH"] },
    });
    await until(async () => (await findProcess(stray.pid ?? 0))?.uid === uid);
    await on.stop(spec.slotId, call);
    expect([await live(standIn.pid), await live(stray.pid ?? null)]).toEqual([false, false]);
  });
});

test("a process is known by its birth, not by its number alone", async () => {
  const self = await findProcess(process.pid);
  expect(await isAlive({ pid: process.pid, birth: self?.birth ?? "" })).toBe(true);
  expect(await isAlive({ pid: process.pid, birth: "another" })).toBe(false);
  const none = await findSlotProcesses({
    slotId: newId("slt"),
    stateDir: join(dirname(folder), "none"),
    users: null,
    leaderPid: null,
  });
  expect(none).toEqual({ leader: null, members: [] });
});
