import { expect, test } from "vitest";
import { formatAge, formatDuration } from "./relative-time.ts";

test("names an age with its unit", () => {
  expect([0, 44_000, 60_000, 3_600_000, 7_200_000, 3 * 86_400_000].map(formatAge)).toEqual([
    "just now",
    "just now",
    "1 min",
    "1 h",
    "2 h",
    "3 d",
  ]);
});

test("gives short lengths a decimal and long ones minutes", () => {
  expect([400, 12_300, 125_000].map(formatDuration)).toEqual(["0.4 s", "12 s", "2 min 5 s"]);
});
