import { describe, expect, test } from "vitest";
import type { PlacementNode, PlacementWish } from "./choose-node.ts";
import { chooseWake, UNTOUCHED_MS, type WakeInput } from "./choose-wake.ts";

const NOW = 10_000_000;
const node = (over: Partial<PlacementNode> = {}, load: Partial<PlacementNode["load"]> = {}): PlacementNode => ({
  nodeId: "node-1",
  name: "node-1",
  ownerId: null,
  isCordoned: false,
  isDraining: false,
  isLost: false,
  memoryMb: 10_000,
  swapMb: 50_000,
  awakeLimit: 2,
  load: { reservedMb: 2_000, swappedMb: 0, awake: 2, slots: 20, hasFreePort: true, ...load },
  ...over,
});
const wish: PlacementWish = { kind: "shared", userId: "user_1", memoryMb: 2_560, workingSetMb: 1_000, avoid: [] };
const neighbour = (agentId: string, idleMs: number, workingSetMb = 1_000) => ({
  agentId,
  workingSetMb,
  activeAtMs: NOW - idleMs,
});
const choose = (over: Partial<WakeInput> = {}) =>
  chooseWake({ node: node(), others: [], wish, neighbours: [], settling: [], now: NOW, ...over });

describe("a wake", () => {
  test("goes ahead where there is room, on a node that takes nobody new as well", () => {
    expect(choose({ node: node({}, { awake: 1 }) })).toEqual({ kind: "room" });
    expect(choose({ node: node({ isCordoned: true, isDraining: true }, { awake: 1, hasFreePort: false }) })).toEqual({
      kind: "room",
    });
    expect(choose({ node: node({ awakeLimit: null, memoryMb: null }, { awake: 900 }) })).toEqual({ kind: "room" });
  });

  test("on a full node has the longest idle doze first", () => {
    const neighbours = [neighbour("b", UNTOUCHED_MS), neighbour("a", UNTOUCHED_MS * 3), neighbour("c", 10)];
    expect(choose({ neighbours, others: [node({ nodeId: "node-2" }, { awake: 0 })] })).toEqual({
      kind: "doze",
      agentId: "a",
    });
  });

  test("counts memory as well as who is awake", () => {
    const full = node({ awakeLimit: null }, { reservedMb: 8_500 });
    expect(choose({ node: full })).toMatchObject({ kind: "wait" });
    expect(choose({ node: full, neighbours: [neighbour("a", UNTOUCHED_MS)] })).toEqual({ kind: "doze", agentId: "a" });
    // Dozing it would not be enough: then it is left alone.
    expect(choose({ node: full, neighbours: [neighbour("a", UNTOUCHED_MS, 400)] })).toMatchObject({ kind: "wait" });
  });

  test("freezes nobody for memory that has no swap to go to", () => {
    const full = node({ awakeLimit: null, swapMb: 0 }, { reservedMb: 8_500 });
    expect(choose({ node: full, neighbours: [neighbour("a", UNTOUCHED_MS)] })).toMatchObject({ kind: "wait" });
    const almost = { ...full, swapMb: 500 };
    expect(choose({ node: almost, neighbours: [neighbour("a", UNTOUCHED_MS)] })).toEqual({
      kind: "doze",
      agentId: "a",
    });
  });

  test("waits a moment for those that are about to doze, and freezes nobody else for it", () => {
    const neighbours = [neighbour("a", UNTOUCHED_MS * 3)];
    expect(choose({ neighbours, settling: [{ workingSetMb: 1_000 }] })).toEqual({ kind: "wait", untilMs: NOW + 1_000 });
  });

  test("moves where nobody may be frozen and another node has room", () => {
    const neighbours = [neighbour("a", UNTOUCHED_MS - 1)];
    const roomy = node({ nodeId: "node-2" }, { awake: 0, reservedMb: 0 });
    expect(choose({ neighbours, others: [roomy] })).toEqual({ kind: "move" });
    for (const over of [{ isCordoned: true }, { isLost: true }, { ownerId: "user_2" }, { awakeLimit: 0 }])
      expect(choose({ neighbours, others: [{ ...roomy, ...over }] })).toMatchObject({ kind: "wait" });
  });

  test("else says when to look again: when the first of them has been idle long enough, or soon", () => {
    expect(choose({ neighbours: [neighbour("a", UNTOUCHED_MS - 4_000), neighbour("b", 0)] })).toEqual({
      kind: "wait",
      untilMs: NOW + 4_000,
    });
    expect(choose()).toEqual({ kind: "wait", untilMs: NOW + 15_000 });
  });
});
