import { describe, expect, test } from "vitest";
import { agentPhases } from "../agents/agent-phase.ts";
import { chooseNode, type PlacementNode, type PlacementWish } from "./choose-node.ts";
import { slotLoad } from "./node-load.ts";

const nodeWith = (nodeId: string, over: Partial<PlacementNode> = {}, load: Partial<PlacementNode["load"]> = {}) => ({
  nodeId,
  name: nodeId,
  ownerId: null,
  isCordoned: false,
  isDraining: false,
  isLost: false,
  memoryMb: 10_000,
  swapMb: 50_000,
  awakeLimit: 25,
  ...over,
  load: { reservedMb: 0, swappedMb: 0, awake: 0, slots: 0, hasFreePort: true, ...load },
});
const wishWith = (over: Partial<PlacementWish> = {}): PlacementWish => ({
  kind: "shared",
  userId: "user_1",
  memoryMb: 2_560,
  workingSetMb: 1_000,
  avoid: [],
  ...over,
});
const chosen = (nodes: PlacementNode[], over: Partial<PlacementWish> = {}) => {
  const choice = chooseNode(nodes, wishWith(over));
  return choice.kind === "chosen" ? choice.nodeId : choice.refusals.map(({ refusal }) => refusal).join();
};

describe("spread", () => {
  test("takes the node with the largest share of memory left, however large it is", () => {
    const small = nodeWith("small", { memoryMb: 4_000 }, { reservedMb: 0 });
    const large = nodeWith("large", { memoryMb: 32_000 }, { reservedMb: 16_000 });
    expect(chosen([large, small])).toBe("small");
  });

  test("between equals takes the one with fewer slots, and between those always the same", () => {
    const asleep = { slots: 40 };
    expect(chosen([nodeWith("a", {}, asleep), nodeWith("b")])).toBe("b");
    expect(chosen([nodeWith("b"), nodeWith("a")])).toBe("a");
  });
});

describe("room", () => {
  test("counts working sets and keeps a tenth for growth", () => {
    expect(chosen([nodeWith("a", {}, { reservedMb: 8_000 })])).toBe("a");
    expect(chosen([nodeWith("a", {}, { reservedMb: 8_001 })])).toBe("no_memory");
  });

  test("counts what dozes where its swap has no room for it", () => {
    const dozing = { reservedMb: 600, swappedMb: 8_400 };
    expect(chosen([nodeWith("a", { swapMb: 8_400 }, dozing)])).toBe("a");
    expect(chosen([nodeWith("a", { swapMb: 1_000 }, dozing)])).toBe("a");
    expect(chosen([nodeWith("a", { swapMb: 999 }, dozing)])).toBe("no_memory");
    expect(chosen([nodeWith("a", { swapMb: 0 }, dozing)])).toBe("no_memory");
    // Not asked yet.
    expect(chosen([nodeWith("a", { swapMb: null }, dozing)])).toBe("a");
  });

  test("refuses a slot whose limit the node could never give", () => {
    expect(chosen([nodeWith("a", { memoryMb: 2_000 })], { workingSetMb: 100 })).toBe("too_small");
  });

  test("caps the awake, and counts ports", () => {
    expect(chosen([nodeWith("a", {}, { awake: 25 })])).toBe("too_many_awake");
    expect(chosen([nodeWith("a", { awakeLimit: null }, { awake: 500 })])).toBe("a");
    expect(chosen([nodeWith("a", {}, { hasFreePort: false })])).toBe("no_port");
  });

  test("is endless where memory is not counted", () => {
    expect(chosen([nodeWith("a", { memoryMb: null, awakeLimit: null }, { reservedMb: 1e9 })])).toBe("a");
  });
});

describe("walls", () => {
  const mine = nodeWith("mine", { ownerId: "user_1" });
  const theirs = nodeWith("theirs", { ownerId: "user_2" });
  const shared = nodeWith("shared");

  test("a shared agent never lands on a dedicated node, its owner's neither", () => {
    expect(chosen([mine, theirs])).toBe("dedicated_to_another,dedicated_to_another");
    expect(chosen([mine, theirs, shared])).toBe("shared");
  });

  test("a dedicated agent lands on its owner's nodes alone", () => {
    expect(chosen([theirs, shared, mine], { kind: "dedicated" })).toBe("mine");
    expect(chosen([theirs, shared], { kind: "dedicated" })).toBe("dedicated_to_another,not_dedicated");
  });

  test("a warm slot of nobody lands on shared nodes alone", () => {
    expect(chosen([mine, shared], { userId: null })).toBe("shared");
  });

  test("lost, cordoned and draining nodes take nothing, nor does the one that a move leaves", () => {
    const nodes = [
      nodeWith("a", { isLost: true }),
      nodeWith("b", { isCordoned: true }),
      nodeWith("c", { isDraining: true }),
      nodeWith("d"),
    ];
    expect(chosen(nodes)).toBe("d");
    expect(chosen(nodes, { avoid: ["d"] })).toBe("lost,cordoned,draining,avoided");
  });
});

test("says why nobody takes it, in words for operators", () => {
  const nodes = [
    nodeWith("n1", {}, { reservedMb: 8_500 }),
    nodeWith("n2", { isCordoned: true }),
    nodeWith("n3", {}, { awake: 25 }),
  ];
  const choice = chooseNode(nodes, wishWith());
  expect(choice).toMatchObject({
    kind: "none",
    why: "n1 has 500 MB left and 1000 are needed; n2 is cordoned; n3 has 25 awake, as many as it may",
  });
  expect(chooseNode([], wishWith())).toMatchObject({ kind: "none", why: "the cell has no nodes" });
});

test("a slot takes its working set unless its agent rests, and a slot without an agent is awake", () => {
  const awake = agentPhases.filter((phase) => slotLoad(phase, 900).isAwake);
  expect(awake).not.toContain("asleep");
  expect(awake).not.toContain("dozing");
  expect(awake).toEqual(expect.arrayContaining(["creating", "starting", "ready", "failing", "stopping"]));
  expect(slotLoad("dozing", 900)).toEqual({ reservedMb: 60, swappedMb: 840, isAwake: false });
  expect(slotLoad("asleep", 900)).toEqual({ reservedMb: 0, swappedMb: 0, isAwake: false });
  expect(slotLoad(null, 900)).toEqual({ reservedMb: 900, swappedMb: 0, isAwake: true });
});
