import { expect, test } from "vitest";
import { countEnds, isHopeless, restartDelayMs } from "./restart-policy.ts";

test("waits longer with each end in a row, and never longer than 15 s", () => {
  expect([1, 2, 3, 6, 7, 20].map(restartDelayMs)).toEqual([250, 500, 1_000, 8_000, 15_000, 15_000]);
});

test("an end after half a minute of service is the first again", () => {
  expect(countEnds(5, 30_000)).toBe(1);
  expect(countEnds(5, 29_999)).toBe(6);
  expect(countEnds(5, null)).toBe(6);
});

test("three ends before anything was ever ready are a wrong configuration", () => {
  expect(isHopeless(3, false)).toBe(true);
  expect(isHopeless(2, false)).toBe(false);
  expect(isHopeless(9, true)).toBe(false);
});
