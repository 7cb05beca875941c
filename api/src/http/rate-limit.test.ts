import { expect, test } from "vitest";
import { makeRateLimit } from "./rate-limit.ts";

test("a call too many is told when to come back, and may when the window is over", () => {
  let nowMs = 0;
  const take = makeRateLimit({ limit: 2, windowMs: 60_000, now: () => nowMs });
  take("a");
  nowMs = 10_000;
  take("a");
  expect(() => take("a")).toThrow(
    expect.objectContaining({ code: "too_many_requests", details: { retryAfterSeconds: 50 } }),
  );
  take("b");
  nowMs = 60_000;
  take("a");
});
