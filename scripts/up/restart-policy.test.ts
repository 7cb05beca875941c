import { expect, test } from "vitest";
import { countFailures, restartDelayMs } from "./restart-policy.ts";

test("the wait doubles with each failure in a row, up to 15 seconds", () => {
  expect([1, 2, 3, 4].map(restartDelayMs)).toEqual([250, 500, 1_000, 2_000]);
  expect(restartDelayMs(20)).toBe(15_000);
});

test("30 seconds of health forgive the failures before", () => {
  expect(countFailures(7, 30_000)).toBe(1);
  expect(countFailures(7, 29_999)).toBe(8);
});

test("a start that never got ready counts as a failure", () => {
  expect(countFailures(0, null)).toBe(1);
  expect(countFailures(1, null)).toBe(2);
});
