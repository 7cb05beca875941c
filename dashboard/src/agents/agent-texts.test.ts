import { agentPhases } from "@automna/core/agents/agent-phase";
import { agentAbilities } from "@automna/core/agents/agent-abilities";
import { expect, test } from "vitest";
import { actionTexts, offeredActions } from "./agent-actions.ts";
import { agentState, isReachable, isResting } from "./agent-state.ts";
import { retryNotice } from "./retry-notice.ts";

test("has a word and a tone for every phase", () => {
  for (const phase of agentPhases) expect(agentState(phase).word).not.toBe("");
  expect(agentState("ready")).toEqual({ word: "Online", tone: "ready" });
  expect(agentState("failed").tone).toBe("failing");
});

test("offers only what both the api and the phase in hand allow", () => {
  expect(offeredActions({ phase: "ready", abilities: ["stop", "restart", "delete"] })).toEqual([
    "stop",
    "restart",
    "delete",
  ]);
  expect(offeredActions({ phase: "asleep", abilities: ["stop", "start", "delete"] })).toEqual(["start", "delete"]);
  expect(offeredActions({ phase: "ready", abilities: [] })).toEqual([]);
});

test("explains every action that some phase offers", () => {
  for (const action of agentPhases.flatMap(agentAbilities)) expect(actionTexts[action].consequence).toMatch(/\.$/);
});

test("connects to ready and dozing agents only, and calls only a wanted rest a rest", () => {
  const reachable = (desired: "running" | "stopped") => agentPhases.filter((phase) => isReachable({ phase, desired }));
  expect(reachable("running")).toEqual(["ready", "dozing", "asleep"]);
  expect(reachable("stopped")).toEqual(["ready", "dozing"]);
  expect(isResting({ phase: "asleep", desired: "stopped" })).toBe(true);
  expect(isResting({ phase: "asleep", desired: "running" })).toBe(false);
});

test("tells when the next attempt comes, and when none comes", () => {
  expect(retryNotice({ phase: "failing", attempts: 2, retryAtMs: 14_000 }, 0)).toBe(
    "Next try in 14 s (attempt 3 of 6).",
  );
  expect(retryNotice({ phase: "failing", attempts: 2, retryAtMs: 0 }, 5)).toBe("Trying again now (attempt 3 of 6).");
  expect(retryNotice({ phase: "failed", attempts: 6, retryAtMs: null }, 5)).toBe("Stopped trying after 6 attempts.");
  expect(retryNotice({ phase: "ready", attempts: 0, retryAtMs: null }, 5)).toBeNull();
});
