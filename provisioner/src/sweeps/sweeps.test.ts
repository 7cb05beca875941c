import type { AgentSummary } from "@automna/records/agents";
import { describe, expect, test } from "vitest";
import { isUnsettled, toSweepOrder } from "./agents.ts";

const summary = (over: Partial<AgentSummary>): AgentSummary => ({
  id: "agt_1",
  desired: "running",
  phase: "ready",
  attempts: 0,
  retryAt: null,
  rest: "awake",
  ...over,
});

describe("who needs a look", () => {
  test("whoever is as wished does not", () => {
    expect(isUnsettled(summary({}), 0)).toBe(false);
    expect(isUnsettled(summary({ desired: "stopped", phase: "asleep" }), 0)).toBe(false);
    expect(isUnsettled(summary({ phase: "failed", attempts: 6 }), 0)).toBe(false);
    expect(isUnsettled(summary({ phase: "dozing", rest: "doze" }), 0)).toBe(false);
    expect(isUnsettled(summary({ phase: "asleep", rest: "sleep" }), 0)).toBe(false);
    expect(isUnsettled(summary({ phase: "failing", attempts: 2, retryAt: new Date(100) }), 50)).toBe(false);
  });

  test("whoever is on the way, due for another try, or to be deleted does", () => {
    for (const phase of ["requested", "placing", "creating", "starting", "stopping", "asleep"] as const)
      expect(isUnsettled(summary({ phase }), 0)).toBe(true);
    expect(isUnsettled(summary({ phase: "failing", attempts: 2, retryAt: new Date(100) }), 100)).toBe(true);
    expect(isUnsettled(summary({ phase: "failed", attempts: 0 }), 0)).toBe(true);
    expect(isUnsettled(summary({ desired: "stopped" }), 0)).toBe(true);
    expect(isUnsettled(summary({ rest: "doze" }), 0)).toBe(false);
    expect(isUnsettled(summary({ phase: "dozing" }), 0)).toBe(true);
    for (const phase of ["ready", "failed", "failing", "deleting"] as const)
      expect(isUnsettled(summary({ desired: "deleted", phase, attempts: 6, retryAt: new Date(100) }), 0)).toBe(true);
  });
});

describe("who is looked at first", () => {
  const agents = ["a", "b", "c", "d"].map((id) =>
    summary({ id, phase: id === "a" || id === "b" ? "ready" : "starting" }),
  );
  const order = (...numbers: number[]) => {
    const left = [...numbers];
    return toSweepOrder(agents, { now: 0, random: () => left.shift() ?? 0 }).map(({ id }) => id);
  };

  test("people who wait come before those who have what they wish, as a rule", () => {
    expect(order(0.1, 0.2, 0.3, 0.4)).toEqual(["c", "d", "a", "b"]);
    expect(order(0.1, 0.2, 0.8, 0.9).slice(0, 2)).toEqual(["a", "b"]);
  });

  test("an agent whose look ends the process does not keep those behind it waiting for ever", () => {
    expect(order(0, 0, 0.1, 0.2)).toEqual(["c", "d", "a", "b"]);
    expect(order(0, 0, 0.2, 0.1)).toEqual(["d", "c", "a", "b"]);
  });
});
