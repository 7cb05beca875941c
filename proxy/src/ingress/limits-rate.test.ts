import { isAppError } from "@automna/core/shared/app-error";
import { expect, test } from "vitest";
import { makeRateLimit } from "./limits-rate.ts";

const setUp = () => {
  const clock = { ms: 1_000_000 };
  const limit = makeRateLimit({ requestsPerS: 10, requestsBurst: 5 }, () => clock.ms);
  /** Seconds to wait, or null when let through. */
  const ask = (userId: string) => {
    try {
      limit(userId);
      return null;
    } catch (error) {
      if (!isAppError(error, "too_many_requests")) throw error;
      return error.details["retryAfterS"];
    }
  };
  return { clock, ask };
};

test("lets a burst through, and then what comes at the rate", () => {
  const { clock, ask } = setUp();
  expect(Array.from({ length: 6 }, () => ask("anna"))).toEqual([null, null, null, null, null, 1]);
  clock.ms += 100;
  expect([ask("anna"), ask("anna")]).toEqual([null, 1]);
  clock.ms += 60_000;
  expect(Array.from({ length: 6 }, () => ask("anna"))).toEqual([null, null, null, null, null, 1]);
});

test("one user's haste is no other's", () => {
  const { ask } = setUp();
  for (let index = 0; index < 20; index += 1) ask("anna");
  expect([ask("anna"), ask("bert")]).toEqual([1, null]);
});

test("what is refused is not counted: whoever keeps asking is let in as soon as whoever waits", () => {
  const { clock, ask } = setUp();
  for (let index = 0; index < 1_000; index += 1) ask("anna");
  clock.ms += 100;
  expect(ask("anna")).toBeNull();
});

test("users with nothing to remember are forgotten, others are not", () => {
  const { clock, ask } = setUp();
  for (let index = 0; index < 9_999; index += 1) ask(`user${index}`);
  clock.ms += 60_000;
  for (let index = 0; index < 5; index += 1) ask("anna");
  for (let index = 0; index < 20_000; index += 1) ask(`late${index}`);
  expect(ask("anna")).toBe(1);
});
