import { expect, test } from "vitest";
import { HOUR_MS, MINUTE_MS } from "../shared/clock.ts";
import { chooseRest, type RestInput } from "./sleep-policy.ts";

const times = { dozeAfterMs: 30 * MINUTE_MS, sleepAfterMs: 24 * HOUR_MS };
const idle = (idleMs: number, over: Partial<RestInput> = {}): RestInput => ({
  tier: "starter",
  activeAtMs: 0,
  readySinceMs: 0,
  channels: 0,
  nextScheduleMs: null,
  now: idleMs,
  ...over,
});

test("an idle agent dozes, then sleeps, and only where its plan lets it", () => {
  expect(chooseRest(times, idle(29 * MINUTE_MS))).toBe("awake");
  expect(chooseRest(times, idle(30 * MINUTE_MS))).toBe("doze");
  expect(chooseRest(times, idle(24 * HOUR_MS))).toBe("sleep");
  expect(chooseRest(times, idle(24 * HOUR_MS, { tier: "pro" }))).toBe("doze");
});

test("nothing that waits for something inside the agent is frozen or stopped", () => {
  expect(chooseRest(times, idle(48 * HOUR_MS, { channels: 1 }))).toBe("awake");
  expect(chooseRest(times, idle(48 * HOUR_MS, { nextScheduleMs: 48 * HOUR_MS + MINUTE_MS }))).toBe("awake");
  expect(chooseRest(times, idle(48 * HOUR_MS, { nextScheduleMs: 100 * HOUR_MS }))).toBe("awake");
});

test("an agent that has only just come up stays, and without times nobody rests", () => {
  expect(chooseRest(times, idle(48 * HOUR_MS, { readySinceMs: 48 * HOUR_MS - 1_000 }))).toBe("awake");
  expect(chooseRest({ dozeAfterMs: null, sleepAfterMs: null }, idle(999 * HOUR_MS))).toBe("awake");
});
