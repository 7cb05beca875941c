import { describe, expect, test } from "vitest";
import { DAY_MS, MINUTE_MS } from "../shared/clock.ts";
import { forgetBeforeMs, isConfirmationDue, roomFor } from "./waitlist.ts";

describe("a confirmation mail", () => {
  const entry = { state: "pending", mails: 0, mailedAtMs: null } as const;

  test("comes at once, again after ten minutes, and three times in all", () => {
    expect(isConfirmationDue(entry, 0)).toBe(true);
    const mailed = { ...entry, mails: 1, mailedAtMs: 0 };
    expect(isConfirmationDue(mailed, 10 * MINUTE_MS - 1)).toBe(false);
    expect(isConfirmationDue(mailed, 10 * MINUTE_MS)).toBe(true);
    expect(isConfirmationDue({ ...mailed, mails: 3 }, DAY_MS)).toBe(false);
  });

  test.each(["confirmed", "invited", "joined"] as const)("never comes to who is %s", (state) =>
    expect(isConfirmationDue({ ...entry, state }, 0)).toBe(false),
  );
});

test("an address that nobody confirmed is forgotten after a week", () => {
  expect(forgetBeforeMs(7 * DAY_MS)).toBe(0);
});

test("a batch is what the cap leaves of it", () => {
  expect(roomFor(10, { cap: 100, taken: 95 })).toBe(5);
  expect(roomFor(10, { cap: 100, taken: 20 })).toBe(10);
  expect(roomFor(10, { cap: 100, taken: 120 })).toBe(0);
});
