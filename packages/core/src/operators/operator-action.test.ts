import { expect, test } from "vitest";
import { isMoney, operatorRefusal, type OperatorActionType } from "./operator-action.ts";

const own = { operatorId: "user_1", userId: "user_1" };
const others = { operatorId: "user_1", userId: "user_2" };

test.each<[OperatorActionType, boolean]>([
  ["grant_credits", true],
  ["refund", true],
  ["comp_tier", true],
  ["suspend", true],
  ["end_comp", false],
  ["unsuspend", false],
  ["restart_agent", false],
  ["open_support", false],
])("an operator who does %s to themselves is refused: %s", (type, isRefused) => {
  expect(operatorRefusal({ type }, own)).toBe(isRefused ? "operator_self_dealing" : null);
  expect(operatorRefusal({ type }, others)).toBeNull();
});

test("what gives something is money, what takes it away is not", () => {
  expect(isMoney("comp_tier")).toBe(true);
  expect(isMoney("end_comp")).toBe(false);
});
