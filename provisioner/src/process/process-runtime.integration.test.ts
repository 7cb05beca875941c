import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { newId } from "@automna/service-kit/new-id";
import { newRootKey } from "@automna/service-kit/slot-keys";
import { describe, expect, test } from "vitest";
import { isAlive } from "./end-slot.ts";
import { findProcess } from "./process-table.ts";
import { findSlotProcesses } from "./slot-processes.ts";

import { call, isRoot, live, until, untilAnswering, useProcessSlots } from "../testing/process-slots.ts";

const { signal } = call;
const { folder, slotsDir, runtime, newSpec, pathsOf, behave, started } = useProcessSlots();

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
    expect(readdirSync(slotsDir())).toEqual(["installation-id"]);
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
    mkdirSync(join(slotsDir(), `.new-${spec.slotId}`, "state"), { recursive: true });
    await on.create(spec, call);
    expect((await on.observe(spec.slotId, signal)).kind).toBe("stopped");
    execFileSync("mv", [pathsOf(spec.slotId).root, join(slotsDir(), `.old-${spec.slotId}`)]);
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
    stateDir: join(dirname(folder()), "none"),
    users: null,
    leaderPid: null,
  });
  expect(none).toEqual({ leader: null, members: [] });
});
