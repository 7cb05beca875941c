import { agentActions } from "@automna/core/agents/agent-abilities";
import { agentPhases } from "@automna/core/agents/agent-phase";
import { expect, test } from "vitest";
import { decideWish } from "./agent-wish.ts";

test("pressing the same again changes nothing", () => {
  expect(decideWish("stop", { desired: "stopped", phase: "ready" })).toBe("already");
  expect(decideWish("stop", { desired: "stopped", phase: "asleep" })).toBe("already");
  expect(decideWish("start", { desired: "running", phase: "ready" })).toBe("already");
  expect(decideWish("delete", { desired: "deleted", phase: "deleted" })).toBe("already");
});

test("an agent that rests by itself is woken by its owner", () => {
  expect(decideWish("start", { desired: "running", phase: "asleep" })).toBe("change");
});

test("a failed agent is started again by its owner", () => {
  expect(decideWish("start", { desired: "running", phase: "failed" })).toBe("change");
});

test("nothing brings back an agent that is to be deleted", () => {
  for (const phase of agentPhases) {
    for (const action of agentActions.filter((name) => name !== "delete")) {
      expect(decideWish(action, { desired: "deleted", phase }), `${action} in ${phase}`).toBe("refused");
    }
  }
});

test("delete works from every phase but the end", () => {
  for (const phase of agentPhases.filter((name) => name !== "deleted")) {
    for (const desired of ["running", "stopped"] as const)
      expect(decideWish("delete", { desired, phase }), phase).toBe("change");
  }
});

test("what a phase does not offer is refused", () => {
  expect(decideWish("restart", { desired: "stopped", phase: "asleep" })).toBe("refused");
  expect(decideWish("stop", { desired: "running", phase: "failed" })).toBe("refused");
});
