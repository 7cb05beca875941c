import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openFences } from "./fencing.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "automna-fences-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const slotId = "slt_00000000000000000000";

test("the same number passes again, an older one never, also for whoever opens the folder later", async () => {
  const fences = await openFences(folder);
  await fences.pass(slotId, 9_007_199_254_740_993n);
  await fences.pass(slotId, 9_007_199_254_740_993n);
  const later = await openFences(folder);
  await expect(later.pass(slotId, 9_007_199_254_740_992n)).rejects.toMatchObject({ code: "fencing_outdated" });
  await later.pass(slotId, 9_007_199_254_740_994n);
  await expect(fences.pass(slotId, 9_007_199_254_740_993n)).rejects.toMatchObject({ code: "fencing_outdated" });
});

test("one slot's number says nothing about another's", async () => {
  const fences = await openFences(folder);
  await fences.pass(slotId, 5n);
  await fences.pass("slt_11111111111111111111", 1n);
});

test("a number that can't be read refuses everybody rather than nobody", async () => {
  const fences = await openFences(folder);
  await writeFile(join(folder, slotId), "");
  await expect(fences.pass(slotId, 5n)).rejects.toThrow("invalid_format");
});

test("slots that nobody called for a month are forgotten, others are not", async () => {
  const fences = await openFences(folder);
  await fences.pass(slotId, 5n);
  await fences.pass("slt_11111111111111111111", 5n);
  const now = Date.now();
  await utimes(join(folder, slotId), (now - 31 * 86_400_000) / 1000, (now - 31 * 86_400_000) / 1000);
  await fences.forgetOld(now);
  expect(await readdir(folder)).toEqual(["slt_11111111111111111111"]);
});
