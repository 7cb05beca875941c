import { describe, expect, test } from "vitest";
import type { ObservedSlot } from "../agents/observed-slot.ts";
import { MAKING_LIMIT_MS, planWarmSlot, tiersOfSize, type WarmSlot, type WarmState } from "./warm-slot.ts";

const NOW = 1_000_000;
const slot = (state: WarmState, over: Partial<WarmSlot> = {}): WarmSlot => ({
  slotId: "slt_1",
  nodeId: "node-1",
  tier: "starter",
  image: "image-1",
  state,
  sinceMs: NOW - 1_000,
  hasStarted: true,
  ...over,
});
const running = (over: Partial<Extract<ObservedSlot, { kind: "running" }>["agentd"]> = {}): ObservedSlot => ({
  kind: "running",
  startedAtMs: NOW - 500,
  agentd: { kind: "answering", agentId: null, claimHash: null, gateway: "ready", ...over } as never,
});
const silent: ObservedSlot = { kind: "running", startedAtMs: NOW, agentd: { kind: "silent" } };
const stopped = (lastExit: "clean" | "crashed", endedAtMs: number | null = NOW): ObservedSlot => ({
  kind: "stopped",
  lastExit,
  endedAtMs,
});
const plan = (of: WarmSlot, observed: ObservedSlot) => planWarmSlot(of, observed, NOW);

describe("a warm slot on its way", () => {
  test("is created, started, prepared, and offered once its gateway is ready", () => {
    const making = slot("making");
    expect(plan(slot("making", { hasStarted: false }), { kind: "absent" })).toEqual({ step: "create" });
    expect(plan(making, stopped("clean", null))).toEqual({ step: "start" });
    expect(plan(making, { kind: "pending", sinceMs: NOW })).toEqual({ step: "wait" });
    expect(plan(making, silent)).toEqual({ step: "wait" });
    expect(plan(making, running({ gateway: "unclaimed" }))).toEqual({ step: "prepare" });
    expect(plan(making, running({ gateway: "starting" }))).toEqual({ step: "wait" });
    expect(plan(making, running())).toEqual({ step: "offer" });
  });

  test("is started again after a clean stop of its machine, and given up after an end of its own", () => {
    expect(plan(slot("making"), stopped("clean"))).toEqual({ step: "start" });
    expect(plan(slot("making"), stopped("crashed"))).toEqual({ step: "retire", why: "broken" });
    // That was before it was tried this time.
    expect(plan(slot("making"), stopped("crashed", NOW - 60_000))).toEqual({ step: "start" });
  });

  test("is given up when it takes too long, and never where nobody can look", () => {
    const late = slot("making", { sinceMs: NOW - MAKING_LIMIT_MS - 1 });
    expect(plan(late, running({ gateway: "starting" }))).toEqual({ step: "retire", why: "overdue" });
    expect(plan(late, { kind: "lost" })).toEqual({ step: "wait" });
  });

  test("is given to nobody when it says that it is somebody's", () => {
    expect(plan(slot("making"), running({ agentId: "agt_1" }))).toEqual({ step: "retire", why: "broken" });
  });
});

describe("a warm slot that is ready", () => {
  test("stays so for as long as it is what it was", () => {
    expect(plan(slot("ready"), running())).toEqual({ step: "wait" });
  });

  test.each([
    ["silent", silent],
    ["absent", { kind: "absent" }],
    ["lost", { kind: "lost" }],
    ["ended", stopped("crashed")],
    ["claimed by somebody", running({ agentId: "agt_1" })],
    ["without its gateway", running({ gateway: "starting" })],
  ] satisfies [string, ObservedSlot][])("is given to nobody while it is %s", (_name, observed) => {
    expect(plan(slot("ready"), observed)).toEqual({ step: "doubt" });
  });
});

test("one that retires is removed, but not where nobody can look", () => {
  expect(plan(slot("retiring"), running())).toEqual({ step: "remove" });
  expect(plan(slot("retiring"), { kind: "absent" })).toEqual({ step: "remove" });
  expect(plan(slot("retiring"), { kind: "lost" })).toEqual({ step: "wait" });
});

test("a slot fits the agents of every tier with the same limits", () => {
  expect(tiersOfSize("starter")).toEqual(["local", "starter"]);
  expect(tiersOfSize("pro")).toEqual(["pro"]);
});
