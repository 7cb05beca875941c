import { expect, test } from "vitest";
import { median, pairedRatio, quantile, ratiosOfRounds, spread } from "./stats.ts";

test("the median is the middle, whatever the order", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(() => median([])).toThrow("no values");
});

test("quantiles lie between their ranks", () => {
  expect(quantile([0, 10, 20, 30, 40], 0.99)).toBeCloseTo(39.6);
  expect(quantile([7], 0.99)).toBe(7);
});

test("one wild round does not widen the spread", () => {
  expect(spread([10, 10, 10, 10, 10, 10, 1_000])).toBe(0);
  expect(spread([8, 9, 10, 11, 12])).toBeCloseTo(0.1);
});

test("a machine that is slower in some rounds does not change what one costs against another", () => {
  expect(pairedRatio([10, 40, 20], [20, 80, 40])).toBe(0.5);
  expect(pairedRatio([10, 90, 20], [20, 80, 40])).toBe(0.5);
  expect(ratiosOfRounds([1, 2, 3], [2, 2])).toEqual([0.5, 1]);
});
