import { expect, test } from "vitest";
import { centsOf, changesBetween, formatCents, planWord } from "./admin-texts.ts";

test("an amount is read as people write it, and what is none is not guessed", () => {
  expect(["12", "12.50", "$ 3,05", " 7 "].map(centsOf)).toEqual([1_200, 1_250, 305, 700]);
  expect(["", "1.2.3", "-5", "1e3", "ten", "12.5"].map(centsOf)).toEqual([null, null, null, null, null, null]);
});

test("the audit shows what changed and what came of it, and nothing that stayed", () => {
  const before = { state: "active", available: 0, comp: null };
  expect(changesBetween(before, { ...before, available: 500, granted: 500 })).toEqual([
    "available: 0 → 500",
    "granted: 500",
  ]);
  expect(changesBetween(before, { ...before, comp: "max until tomorrow" })).toEqual([
    "comp: none → max until tomorrow",
  ]);
  expect(changesBetween(null, null)).toEqual([]);
});

test("money and plans are said in words", () => {
  expect(formatCents(2_900)).toBe("$29.00");
  expect(planWord(null)).toBe("No plan");
});
