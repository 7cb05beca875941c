import { expect, test } from "vitest";
import { agentReasons } from "../agents/agent-health.ts";
import { FAILURE_WINDOW_MS, keepsFailing, mayBeNodesFault } from "./node-health.ts";

test("three different slots that failed lately are the node's fault, one that fails for ever is not", () => {
  const at = (slotId: string, atMs: number) => ({ slotId, atMs });
  expect(keepsFailing([at("a", 1), at("b", 2), at("c", 3)], 10)).toBe(true);
  expect(keepsFailing([at("a", 1), at("b", 2)], 10)).toBe(false);
  expect(keepsFailing([at("a", 1), at("a", 2), at("a", 3), at("a", 4)], 10)).toBe(false);
  expect(keepsFailing([at("a", 1), at("b", 2), at("c", 3)], 2 + FAILURE_WINDOW_MS)).toBe(false);
});

test("what an agent does to itself, or its owner to it, is never its node's fault", () => {
  const blamed = agentReasons.filter(mayBeNodesFault);
  expect(blamed).toContain("slot_rejected");
  for (const reason of ["out_of_memory", "gateway_failing", "no_room", "stopped_by_user", "payment_failed"] as const)
    expect(blamed).not.toContain(reason);
});
