import { expect, test } from "vitest";
import { makeStartGate } from "./start-gate.ts";

function makeWorld(capacity: number | null = 40) {
  let now = 0;
  const gate = makeStartGate({ capacity, clock: () => now });
  const ask = (slotId: string, over: { nodeId?: string; cost?: number; isForPerson?: boolean } = {}) =>
    gate.tryEnter({ slotId, nodeId: "node-1", cost: 20, isForPerson: true, ...over });
  return { gate, ask, pass: (ms: number) => (now += ms) };
}

test("as many boot side by side as the node can serve, each node for itself", () => {
  const { ask } = makeWorld();
  expect([ask("a"), ask("b"), ask("c"), ask("d", { nodeId: "node-2" })]).toEqual([true, true, false, true]);
});

test("a cheap image lets more of them in, and a dear one still starts alone", () => {
  const { ask } = makeWorld();
  expect([1, 2, 3, 4, 5].map((i) => ask(`cheap-${i}`, { cost: 10 }))).toEqual([true, true, true, true, false]);
  expect(ask("dear", { nodeId: "node-2", cost: 500 })).toBe(true);
});

test("who waited longer goes first, and people before what is started in advance", () => {
  const { gate, ask, pass } = makeWorld(20);
  ask("booting");
  expect(ask("warm", { isForPerson: false })).toBe(false);
  pass(100);
  expect(ask("first")).toBe(false);
  pass(100);
  expect(ask("second")).toBe(false);
  gate.leave("booting");
  expect([ask("warm", { isForPerson: false }), ask("second"), ask("first")]).toEqual([false, false, true]);
  gate.leave("first");
  expect([ask("warm", { isForPerson: false }), ask("second")]).toEqual([false, true]);
});

test("neither who stopped asking nor a boot that nobody calls over keeps the others out", () => {
  const { gate, ask, pass } = makeWorld(20);
  ask("booting");
  ask("gone");
  pass(1_000);
  ask("next");
  gate.leave("booting");
  pass(4_500);
  expect(ask("next")).toBe(true);
  pass(3 * 60_000);
  expect(ask("later")).toBe(true);
});

test("asking again while it boots is the same boot, and without a capacity all start", () => {
  const { ask } = makeWorld(20);
  expect([ask("a"), ask("a"), ask("b")]).toEqual([true, true, false]);
  const open = makeWorld(null);
  expect([1, 2, 3, 4].map((i) => open.ask(`s${i}`))).toEqual([true, true, true, true]);
});
