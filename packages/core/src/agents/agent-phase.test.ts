import { describe, expect, test } from "vitest";
import { agentAbilities, canPerform } from "./agent-abilities.ts";
import { agentReasons, reasonText } from "./agent-health.ts";
import { agentPhases, assertAdvance, canAdvance } from "./agent-phase.ts";
import { deployProgress, deployStages } from "./deploy-progress.ts";
import { ATTEMPT_BUDGET, failureOutcome, retryDelayMs } from "./retry-policy.ts";

describe("phases", () => {
  test("no phase is a dead end: delete works from everywhere but the end itself", () => {
    for (const phase of agentPhases) {
      if (phase === "deleting" || phase === "deleted") continue;
      expect(canAdvance(phase, "deleting"), phase).toBe(true);
      expect(canPerform("delete", phase), phase).toBe(true);
    }
    expect(agentPhases.filter((phase) => canAdvance("deleted", phase))).toEqual([]);
  });

  test("every phase can be reached from the first", () => {
    const reached = new Set<string>(["requested"]);
    for (let i = 0; i < agentPhases.length; i += 1) {
      for (const from of agentPhases)
        for (const to of agentPhases) if (reached.has(from) && canAdvance(from, to)) reached.add(to);
    }
    expect([...agentPhases].filter((phase) => !reached.has(phase))).toEqual([]);
  });

  test("an illegal move throws instead of happening", () => {
    expect(() => assertAdvance("deleted", "ready")).toThrow(
      expect.objectContaining({ code: "illegal_phase_move", kind: "bug" }),
    );
  });

  test("nobody can start what runs or stop what rests", () => {
    expect(agentAbilities("ready")).not.toContain("start");
    expect(agentAbilities("asleep")).not.toContain("stop");
  });
});

describe("progress", () => {
  test("never goes back, never reaches the end before the end", () => {
    let last = -1;
    for (const stage of deployStages) {
      for (const ms of [0, 1_000, 10_000, 600_000]) {
        const { percent } = deployProgress(stage, ms);
        expect(percent).toBeGreaterThanOrEqual(last);
        last = percent;
        expect(percent === 100).toBe(stage === "ready");
      }
    }
  });
});

describe("retries", () => {
  test("pauses grow up to two minutes, then the agent parks", () => {
    expect([1, 2, 3, 4, 5, 9].map(retryDelayMs)).toEqual([1_000, 4_000, 16_000, 64_000, 120_000, 120_000]);
    expect(failureOutcome(0, 100)).toMatchObject({ phase: "failing", attempts: 1, retryAtMs: 1_100 });
    expect(failureOutcome(ATTEMPT_BUDGET - 1, 100)).toMatchObject({
      phase: "failed",
      attempts: ATTEMPT_BUDGET,
      retryAtMs: null,
    });
  });

  test("every reason has words for a person", () => {
    for (const reason of agentReasons) expect(reasonText(reason).detail.length, reason).toBeGreaterThan(20);
  });
});
