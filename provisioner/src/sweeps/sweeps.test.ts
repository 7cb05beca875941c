import type { AgentSummary } from "@automna/records/agents";
import { describe, expect, test } from "vitest";
import { isUnsettled } from "./agents.ts";

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
