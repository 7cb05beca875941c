import { expect, test } from "vitest";
import { choosePlanChange, KEPT_TIER_FIELD, KEPT_UNTIL_FIELD, tiersOf } from "./plan-change.ts";

const pro = { tier: "pro", nextTier: null, endsAtPeriodEnd: false, isInTrial: false } as const;
const leaving = { ...pro, nextTier: "starter" } as const;

test("up is at once, down waits for the end, and the present plan changes nothing", () => {
  expect(choosePlanChange(pro, "max")).toBe("upgrade");
  expect(choosePlanChange(pro, "starter")).toBe("downgrade");
  expect(choosePlanChange(pro, "pro")).toBeNull();
  expect(choosePlanChange({ ...pro, isInTrial: true }, "starter")).toBe("switch");
});

test("an arranged downgrade can be taken back, and comes before going up", () => {
  expect(choosePlanChange(leaving, "pro")).toBe("keep");
  expect(choosePlanChange({ ...pro, endsAtPeriodEnd: true }, "pro")).toBe("keep");
  expect(choosePlanChange(leaving, "starter")).toBeNull();
  expect(choosePlanChange(leaving, "max")).toBe("blocked");
});

test("a plan that was paid for is kept in the period that it was paid for, and in no other", () => {
  const kept = { [KEPT_TIER_FIELD]: "pro", [KEPT_UNTIL_FIELD]: "100" };
  expect(tiersOf("starter", kept, 100)).toEqual({ tier: "pro", nextTier: "starter" });
  expect(tiersOf("starter", kept, 200)).toEqual({ tier: "starter", nextTier: null });
  expect(tiersOf("max", kept, 100)).toEqual({ tier: "max", nextTier: null });
  expect(tiersOf(null, kept, 100)).toEqual({ tier: null, nextTier: null });
  expect(tiersOf("starter", { [KEPT_TIER_FIELD]: "gone", [KEPT_UNTIL_FIELD]: "100" }, 100).tier).toBe("starter");
});
