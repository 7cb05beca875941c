import {
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

import { call, isRoot, untilAnswering, useProcessSlots } from "../testing/process-slots.ts";

const { runtime, newSpec, pathsOf, started } = useProcessSlots();

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
