import { describe, expect, test } from "vitest";
import { FAILURE_PAUSE_MS, planWarmPool, type WarmNode, type WarmPoolInput } from "./plan-warm-pool.ts";
import type { WarmSlot } from "./warm-slot.ts";

const NOW = 10_000_000;
const node = (over: Partial<WarmNode> = {}): WarmNode => ({
  nodeId: "node-1",
  name: "node-1",
  ownerId: null,
  isCordoned: false,
  isDraining: false,
  isLost: false,
  memoryMb: 10_000,
  swapMb: null,
  awakeLimit: null,
  load: { reservedMb: 0, swappedMb: 0, awake: 0, slots: 0, hasFreePort: true },
  underWay: 0,
  failedAtMs: null,
  ...over,
});
let made = 0;
const slot = (over: Partial<WarmSlot> = {}): WarmSlot => ({
  slotId: `slt_${(made += 1)}`,
  nodeId: "node-1",
  tier: "starter",
  image: "image-1",
  state: "ready",
  sinceMs: NOW,
  hasStarted: true,
  ...over,
});
const plan = (over: Partial<WarmPoolInput> = {}) =>
  planWarmPool({
    wishes: [{ tier: "starter", perNode: 2 }],
    image: "image-1",
    nodes: [node()],
    slots: [],
    isPaused: false,
    unplaced: 0,
    withoutRoom: 0,
    kind: "shared",
    workingSetMb: 1_000,
    now: NOW,
    ...over,
  });
const make = (nodeId = "node-1", tier = "starter") => ({ step: "make", nodeId, tier });

describe("a refill", () => {
  test("begins on each node that holds too few, one at a time", () => {
    const nodes = [node(), node({ nodeId: "node-2" })];
    expect(plan({ nodes })).toEqual([make(), make("node-2")]);
    expect(plan({ nodes, slots: [slot({ state: "making" })] })).toEqual([make("node-2")]);
    expect(plan({ slots: [slot(), slot()] })).toEqual([]);
  });

  test("is of the tier that is short", () => {
    const wishes = [
      { tier: "starter", perNode: 1 },
      { tier: "pro", perNode: 1 },
    ] as const;
    expect(plan({ wishes, slots: [slot()] })).toEqual([make("node-1", "pro")]);
  });

  test("never begins beside people: under way on the node, waiting for a place, or without room", () => {
    expect(plan({ nodes: [node({ underWay: 1 })] })).toEqual([]);
    expect(plan({ unplaced: 1 })).toEqual([]);
    expect(plan({ withoutRoom: 1 })).toEqual([]);
  });

  test.each([
    ["cordoned", { isCordoned: true }],
    ["draining", { isDraining: true }],
    ["lost", { isLost: true }],
    ["dedicated to one customer", { ownerId: "user_1" }],
    ["without a free port", { load: { reservedMb: 0, swappedMb: 0, awake: 0, slots: 9, hasFreePort: false } }],
  ] satisfies [string, Partial<WarmNode>][])("never begins on a node that is %s", (_name, over) => {
    expect(plan({ nodes: [node(over)] })).toEqual([]);
  });

  test("leaves the last place to a person, in memory and in the count of who is awake", () => {
    const withLoad = (reservedMb: number, awake: number, awakeLimit: number | null) =>
      plan({
        nodes: [node({ awakeLimit, load: { reservedMb, swappedMb: 0, awake, slots: awake, hasFreePort: true } })],
      });
    // 9,000 MB may be promised: two of 1,000 fit up to 7,000.
    expect(withLoad(7_000, 7, null)).toEqual([make()]);
    expect(withLoad(7_001, 7, null)).toEqual([]);
    expect(withLoad(0, 3, 5)).toEqual([make()]);
    expect(withLoad(0, 4, 5)).toEqual([]);
  });

  test("never begins while the pool is paused", () => {
    expect(plan({ isPaused: true })).toEqual([]);
  });

  test("leaves a node alone for a while on which one did not come up", () => {
    expect(plan({ nodes: [node({ failedAtMs: NOW - 1 })] })).toEqual([]);
    expect(plan({ nodes: [node({ failedAtMs: NOW - FAILURE_PAUSE_MS })] })).toEqual([make()]);
  });
});

describe("a warm slot goes", () => {
  const whys = (over: Partial<WarmPoolInput>) =>
    plan({ isPaused: true, ...over }).flatMap((step) => (step.step === "retire" ? [step.why] : []));

  test("when the image is another, also while the pool is paused, and is replaced", () => {
    const old = slot({ image: "image-0" });
    expect(whys({ slots: [old] })).toEqual(["image_changed"]);
    expect(plan({ slots: [old] })).toEqual([{ step: "retire", slotId: old.slotId, why: "image_changed" }, make()]);
  });

  test("when fewer are wished, what is still being made first", () => {
    const making = slot({ state: "making" });
    const steps = plan({ wishes: [{ tier: "starter", perNode: 1 }], slots: [making, slot()] });
    expect(steps).toEqual([{ step: "retire", slotId: making.slotId, why: "not_wanted" }]);
    expect(whys({ wishes: [], slots: [slot()] })).toEqual(["not_wanted"]);
  });

  test("when its node is to take no more slots, but not from a lost one, where nothing can be done", () => {
    expect(whys({ nodes: [node({ isCordoned: true })], slots: [slot()] })).toEqual(["node_leaving"]);
    expect(whys({ nodes: [node({ isDraining: true })], slots: [slot()] })).toEqual(["node_leaving"]);
    expect(whys({ nodes: [node({ isLost: true })], slots: [slot()] })).toEqual([]);
  });

  test("when people find no room: one on each node in each turn", () => {
    expect(whys({ withoutRoom: 1, slots: [slot(), slot()] })).toEqual(["room_needed"]);
  });

  test("only once", () => {
    expect(whys({ wishes: [], slots: [slot({ state: "retiring" })] })).toEqual([]);
  });
});
