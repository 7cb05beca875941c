import { expect, test } from "vitest";
import { canMove, MOVE_RETRY_MS, planDrain, type DrainedAgent } from "./plan-drain.ts";

const agent = (agentId: string, over: Partial<DrainedAgent> = {}): DrainedAgent => ({
  agentId,
  phase: "ready",
  isMoveWished: false,
  gaveUpAtMs: null,
  ...over,
});

test("moves a few at a time, those whom nobody waits for first", () => {
  const agents = [agent("a"), agent("b", { phase: "asleep" }), agent("c", { phase: "dozing" }), agent("d")];
  expect(planDrain(agents, 2, 0)).toMatchObject({ move: ["b", "c"], progress: { left: 4, moving: 0, stuck: 0 } });
  const begun = agents.map((one) => (one.agentId === "b" ? { ...one, isMoveWished: true } : one));
  expect(planDrain(begun, 2, 0)).toMatchObject({ move: ["c"], progress: { left: 4, moving: 1 } });
  expect(planDrain(begun, 1, 0).move).toEqual([]);
});

test("lets an agent that is on its way get there first, and leaves one that is not well to its own tries", () => {
  const agents = [
    agent("a", { phase: "starting" }),
    agent("b", { phase: "failing" }),
    agent("c", { phase: "failed" }),
    agent("d", { phase: "deleting" }),
  ];
  expect(planDrain(agents, 9, 0)).toEqual({ move: [], progress: { left: 4, moving: 0, stuck: 2 }, isDone: false });
  expect(canMove("starting")).toBe(false);
});

test("tries a move that was given up again after a pause", () => {
  const agents = [agent("a", { gaveUpAtMs: 1_000 })];
  expect(planDrain(agents, 1, 1_001)).toMatchObject({ move: [], progress: { stuck: 1 } });
  expect(planDrain(agents, 1, 1_000 + MOVE_RETRY_MS)).toMatchObject({ move: ["a"], progress: { stuck: 0 } });
});

test("is done when nothing is left", () => {
  expect(planDrain([], 3, 0).isDone).toBe(true);
  expect(planDrain([agent("a", { phase: "deleted" })], 3, 0).isDone).toBe(true);
});

test("whatever order things happen in, never more than the bound are on their way, and it ends", () => {
  let state = 11;
  const random = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below;
  for (let drain = 0; drain < 200; drain += 1) {
    const concurrency = 1 + random(4);
    let agents = Array.from({ length: random(12) }, (_, index) => agent(`agent ${index}`));
    let now = 0;
    for (; now < 5_000_000 && !planDrain(agents, concurrency, now).isDone; now += 10_000) {
      const { move } = planDrain(agents, concurrency, now);
      // A crash may have cut short what was begun.
      const begun = new Set(move.slice(0, random(move.length + 1)));
      agents = agents.map((one) => (begun.has(one.agentId) ? { ...one, isMoveWished: true } : one));
      expect(agents.filter(({ isMoveWished }) => isMoveWished).length).toBeLessThanOrEqual(concurrency);
      agents = agents.flatMap((one) => {
        if (!one.isMoveWished || random(3) === 0) return [one];
        return random(4) === 0 ? [{ ...one, isMoveWished: false, gaveUpAtMs: now }] : [];
      });
    }
    expect(agents).toEqual([]);
  }
});
