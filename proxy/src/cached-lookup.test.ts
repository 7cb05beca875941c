import { expect, test } from "vitest";
import { makeCachedLookup } from "./cached-lookup.ts";

function setUp() {
  const world = {
    nowMs: 0,
    isDown: false,
    isListening: true,
    value: "first" as string | null,
    loads: 0,
    wait: null as Promise<void> | null,
  };
  const lookup = makeCachedLookup<string>({
    async load() {
      world.loads += 1;
      const { value } = world;
      await world.wait;
      if (world.isDown) throw new Error("connection refused");
      return value;
    },
    isSettled: () => true,
    isListening: () => world.isListening,
    onLoadFailed: () => undefined,
    now: () => world.nowMs,
  });
  return { world, lookup };
}

test("asks once for what it knows, and again after 30 s or a notification", async () => {
  const { world, lookup } = setUp();
  for (const [nowMs, loads] of [
    [0, 1],
    [29_999, 1],
    [30_000, 2],
  ] as const) {
    world.nowMs = nowMs;
    await lookup.get("a");
    expect(world.loads).toBe(loads);
  }
  lookup.invalidate("a");
  await lookup.get("a");
  expect(world.loads).toBe(3);
});

test("absence is remembered for a second only, and so is everything while no notifications arrive", async () => {
  const { world, lookup } = setUp();
  world.value = null;
  await lookup.get("a");
  world.nowMs = 1_000;
  world.value = "there";
  expect(await lookup.get("a")).toBe("there");
  world.isListening = false;
  world.nowMs = 2_000;
  await lookup.get("a");
  expect(world.loads).toBe(3);
});

test("many at once are one query", async () => {
  const { world, lookup } = setUp();
  expect(await Promise.all(Array.from({ length: 50 }, () => lookup.get("a")))).toEqual(Array(50).fill("first"));
  expect(world.loads).toBe(1);
});

test("an answer that was under way when a notification came is not remembered", async () => {
  const { world, lookup } = setUp();
  let release = () => undefined as void;
  world.wait = new Promise((resolve) => (release = resolve));
  const before = lookup.get("a");
  world.value = "second";
  lookup.invalidate("a");
  world.wait = null;
  const after = lookup.get("a");
  release();
  expect(await before).toBe("first");
  expect(await after).toBe("second");
  expect(await lookup.get("a")).toBe("second");
});

test("serves what it knew for 15 minutes while the database is down, and no longer", async () => {
  const { world, lookup } = setUp();
  await lookup.get("a");
  world.isDown = true;
  lookup.flush();
  world.nowMs = 15 * 60_000 - 1;
  expect(await lookup.get("a")).toBe("first");
  world.nowMs = 15 * 60_000;
  await expect(lookup.get("a")).rejects.toMatchObject({ code: "service_unavailable" });
  await expect(lookup.get("b")).rejects.toMatchObject({ code: "service_unavailable" });
});

test("what a notification made doubtful is not served stale", async () => {
  const { world, lookup } = setUp();
  await lookup.get("a");
  world.isDown = true;
  lookup.invalidate("a");
  await expect(lookup.get("a")).rejects.toMatchObject({ code: "service_unavailable" });
});

test("a database that is down is asked twice a second, not by everyone", async () => {
  const { world, lookup } = setUp();
  world.isDown = true;
  for (let index = 0; index < 100; index += 1) await lookup.get(`user ${index}`).catch(() => null);
  expect(world.loads).toBe(1);
  world.isDown = false;
  world.nowMs = 500;
  expect(await lookup.get("a")).toBe("first");
});
