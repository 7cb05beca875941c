import { describe, expect, test } from "vitest";
import { KEEP_OLD_COPY_MS } from "./sleep-policy.ts";
import { acts, wish, World } from "./testing/planned-world.ts";

describe("random lives", () => {
  const changes: ((world: World, random: () => number) => void)[] = [
    (world) => wish(world, { desired: "stopped", attempts: 0, retryAtMs: null }),
    (world) => wish(world, { desired: "running", rest: "awake", attempts: 0, retryAtMs: null }),
    (world) => wish(world, { generation: world.agent.generation + 1, attempts: 0, retryAtMs: null }),
    (world) => wish(world, { rest: "doze" }),
    (world) => wish(world, { rest: "sleep" }),
    (world) => wish(world, { rest: "awake" }),
    (world) => wish(world, { isMoveWished: world.slotId !== null }),
    (world, random) => wish(world, { wishedImage: `image-${1 + Math.floor(random() * 3)}` }),
    (world, random) => wish(world, { memoryMb: random() < 0.5 ? 2_560 : 4_096 }),
    (world) => world.crashAgent(),
    (world) => (world.now += KEEP_OLD_COPY_MS),
  ];

  test("with crashes and failures anywhere always come to rest, never twice, never with less than was written", () => {
    const did = new Set<string>();
    for (let seed = 1; seed <= 1_500; seed += 1) {
      const random = makeRandom(seed);
      const world = new World(random);
      world.badImages.add("image-3");
      Object.assign(world, { crashes: 0.06, failures: 0.06 });
      for (let round = 0; round < 60; round += 1) {
        world.look();
        if (random() < 0.35) changes[Math.floor(random() * changes.length)]?.(world, random);
      }
      Object.assign(world, { crashes: 0, failures: 0 });
      wish(world, { desired: "running", rest: "awake", attempts: 0, retryAtMs: null });
      world.settle();
      expect(world.agent.phase, `seed ${seed}`).toBe("ready");
      world.now += KEEP_OLD_COPY_MS;
      for (let i = 0; i < 6; i += 1) world.look();
      expect([...world.real.keys()], `seed ${seed}`).toEqual([world.slotId]);
      Object.assign(world, { crashes: 0.06, failures: 0.06 });
      wish(world, { desired: "deleted" });
      for (let round = 0; round < 10; round += 1) world.look();
      Object.assign(world, { crashes: 0, failures: 0 });
      world.settle();
      expect([world.agent.phase, world.real.size, world.rows.size], `seed ${seed}`).toEqual(["deleted", 0, 0]);
      for (const step of world.did) did.add(step);
    }
    // Not a lucky run: everything that a planner can ask for was asked for.
    expect([...did].toSorted()).toEqual(expect.arrayContaining([...acts, "flipMove", "abandonMove", "failUpgrade"]));
  });
});

function makeRandom(seed: number): () => number {
  // mulberry32
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
