import { expect, test } from "vitest";
import { HOUR_MS } from "../shared/clock.ts";
import { MAX_ATTEMPTS, nextAttemptMs } from "./inbox-retry.ts";

test("pauses double up to an hour, and after the last attempt there is none", () => {
  expect(nextAttemptMs(1, 0)).toBe(2_000);
  expect(nextAttemptMs(5, 0)).toBe(32_000);
  expect(nextAttemptMs(MAX_ATTEMPTS - 1, 0)).toBe(HOUR_MS);
  expect(nextAttemptMs(MAX_ATTEMPTS, 0)).toBeNull();
});

test("all attempts together outlast a working day's outage", () => {
  let [now, attempts] = [0, 0];
  for (let next: number | null = 0; next !== null; next = nextAttemptMs((attempts += 1), now)) now = next;
  expect(attempts).toBe(MAX_ATTEMPTS);
  expect(now).toBeGreaterThan(12 * HOUR_MS);
});
