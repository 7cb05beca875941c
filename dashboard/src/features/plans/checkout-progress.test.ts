import { expect, test } from "vitest";
import { checkoutProgress, LATE_MS } from "./checkout-progress.ts";

const facts = { isActive: false, asked: null, waitedMs: 0 } as const;

test("the bar moves on and is full only when the plan is active", () => {
  const percents = [0, 1_000, 5_000, 30_000, LATE_MS * 10].map(
    (waitedMs) => checkoutProgress({ ...facts, waitedMs }).percent,
  );
  expect(percents).toEqual(percents.toSorted((a, b) => a - b));
  expect(Math.max(...percents)).toBeLessThan(100);
  expect(checkoutProgress({ ...facts, isActive: true })).toEqual({ step: "active", percent: 100 });
});

test("a wait that is too long, and a purchase that was not paid, are said", () => {
  expect(checkoutProgress({ ...facts, waitedMs: LATE_MS + 1 }).step).toBe("late");
  expect(checkoutProgress({ ...facts, asked: "open" }).step).toBe("unpaid");
  expect(checkoutProgress({ ...facts, asked: "expired" }).step).toBe("unpaid");
  expect(checkoutProgress({ ...facts, asked: "processing", waitedMs: LATE_MS * 2 }).step).toBe("processing");
});
