import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeSilentLog } from "@automna/service-kit/log";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { InspectedContainer } from "../engine/engine-client.ts";
import { makeMemoryPusher } from "./memory-pusher.ts";

// Files instead of a kernel with one hierarchy, which the docker tests' machine may not have.
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "automna-memory-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const container = (isPaused: boolean) => ({ State: { Paused: isPaused } }) as InspectedContainer;
const group = () => ({ version: 2 as const, memory: folder, cpu: folder });
const asked = () => readFile(join(folder, "memory.reclaim"), "utf8");

test("a dozing slot is asked for its memory part by part, until no more comes", async () => {
  await writeFile(join(folder, "memory.current"), String(500 * 1024 * 1024));
  const pusher = makeMemoryPusher({ inspect: () => Promise.resolve(container(true)) }, makeSilentLog());
  pusher.push("one", group());
  await expect.poll(asked).toBe(String(64 * 1024 * 1024));
  await pusher.close();
});

test("one that wakes before its turn keeps its memory, and so does one whose container is gone", async () => {
  await writeFile(join(folder, "memory.current"), String(500 * 1024 * 1024));
  for (const seen of [container(false), null]) {
    const pusher = makeMemoryPusher({ inspect: () => Promise.resolve(seen) }, makeSilentLog());
    pusher.push("one", group());
    await pusher.close();
    await expect(asked()).rejects.toThrow("ENOENT");
  }
});

test("a failure of one is no failure of the next", async () => {
  await writeFile(join(folder, "memory.current"), String(500 * 1024 * 1024));
  const pusher = makeMemoryPusher(
    { inspect: (id) => (id === "one" ? Promise.reject(new Error("engine away")) : Promise.resolve(container(true))) },
    makeSilentLog(),
  );
  pusher.push("one", group());
  pusher.push("two", group());
  await expect.poll(asked).not.toBe("");
  await pusher.close();
});
