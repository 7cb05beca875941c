import type { AgentView } from "@automna/contract/agents";
import { deployProgress } from "@automna/core/agents/deploy-progress";
import { expect, test } from "vitest";
import { withAgent, withAnswer } from "./queries.ts";

function view(overrides: Partial<AgentView>): AgentView {
  return {
    id: "agt_1",
    userId: "user_1",
    name: "Nova",
    personality: "",
    modelSource: "demo",
    tier: "local",
    desired: "running",
    phase: "ready",
    phaseSinceMs: 1_000,
    progress: { ...deployProgress("ready", 0), sinceMs: 1_000 },
    reason: null,
    attempts: 0,
    retryAtMs: null,
    abilities: [],
    path: "/a/user_1",
    createdAtMs: 0,
    ...overrides,
  };
}

test("replaces, adds, and takes out what was deleted", () => {
  const stopped = view({ phase: "asleep" });
  expect(withAgent([view({})], stopped)).toEqual([stopped]);
  expect(withAgent(undefined, stopped)).toEqual([stopped]);
  expect(withAgent([stopped], view({ phase: "deleted" }))).toEqual([]);
});

test("does not let the late answer of a restart hide that the agent is starting", () => {
  const starting = view({ phase: "starting", phaseSinceMs: 5_000 });
  expect(withAnswer([starting], view({ phase: "ready" }))).toEqual([starting]);
  expect(withAnswer([view({})], starting)).toEqual([starting]);
});
