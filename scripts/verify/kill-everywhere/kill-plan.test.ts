import { expect, test } from "vitest";
import { chooseDeath, type KillPlan } from "./kill-plan.ts";

const step = { step: "createSlot", slotId: "slt_1" } as const;
const plan = (over: Partial<KillPlan>): KillPlan => ({
  grain: "path",
  rounds: 1,
  kills: {},
  walks: { agt_1: { path: "deploy", killsLeft: 2 } },
  momentOf: { createSlot: "after" },
  ...over,
});

test("a process dies at every moment of a step that was not killed there, over agents on their way alone", () => {
  expect(chooseDeath(plan({}), "agt_1", step, "amid")).toMatchObject({ point: "deploy: amid createSlot" });
  expect(chooseDeath(plan({}), "agt_2", step, "amid")).toBeNull();
  expect(chooseDeath(plan({ kills: { "deploy: amid createSlot": 1 } }), "agt_1", step, "amid")).toBeNull();
  const kills = { "deploy: amid createSlot": 1, "deploy: after createSlot": 1 };
  expect(chooseDeath(plan({ kills, rounds: 2 }), "agt_1", step, "amid")).not.toBeNull();
});

test("nobody dies amid a step again whose end nobody has reached", () => {
  const kills = { "deploy: amid createSlot": 1 };
  expect(chooseDeath(plan({ kills, rounds: 2 }), "agt_1", step, "amid")).toBeNull();
  expect(chooseDeath(plan({ kills, rounds: 2 }), "agt_1", step, "after")).not.toBeNull();
});

test("entering one phase is not entering another", () => {
  const point = (to: "ready" | "starting") =>
    chooseDeath(plan({}), "agt_1", { step: "setPhase", to, reason: null }, "before")?.point;
  expect([point("ready"), point("starting")]).toEqual([
    "deploy: before setPhase ready",
    "deploy: before setPhase starting",
  ]);
});

test("a walk that was interrupted enough goes on, but for what nobody has reached before", () => {
  const tired = { walks: { agt_1: { path: "deploy", killsLeft: 0 } } };
  expect(
    chooseDeath(plan({ ...tired, kills: { "deploy: amid createSlot": 1 }, rounds: 2 }), "agt_1", step, "amid"),
  ).toBeNull();
  expect(chooseDeath(plan(tired), "agt_1", step, "amid")).not.toBeNull();
  expect(chooseDeath(plan({ walks: { agt_1: { path: "deploy", killsLeft: -8 } } }), "agt_1", step, "amid")).toBeNull();
});

test("in a short run each step is killed at one moment, whatever the path", () => {
  const short = plan({ grain: "step" });
  expect(chooseDeath(short, "agt_1", step, "before")).toBeNull();
  expect(chooseDeath(short, "agt_1", step, "after")).toMatchObject({ point: "createSlot" });
  expect(chooseDeath({ ...short, kills: { createSlot: 1 } }, "agt_1", step, "after")).toBeNull();
  const unharmed = { agt_1: { path: "deploy", killsLeft: -1_000 } };
  expect(chooseDeath({ ...short, walks: unharmed }, "agt_1", step, "after")).toBeNull();
});
