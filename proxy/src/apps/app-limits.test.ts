import { expect, test } from "vitest";
import { defaultAppLimits, makeCounters } from "./app-limits.ts";

const start = (change: Partial<typeof defaultAppLimits> = {}) => {
  const clock = { ms: 1_000_000 };
  return { clock, counters: makeCounters({ ...defaultAppLimits, ...change }, () => clock.ms) };
};
const countUntilRefused = (run: () => void, max: number) => {
  for (let count = 0; count < max; count += 1) {
    try {
      run();
    } catch {
      return count;
    }
  }
  return max;
};

test("five passwords a minute from one address, on one app; other addresses and apps have their own", () => {
  const { clock, counters } = start();
  expect(countUntilRefused(() => counters.attempt("shop--ada", "1.1.1.1"), 50)).toBe(5);
  expect(countUntilRefused(() => counters.attempt("blog--ada", "1.1.1.1"), 50)).toBe(5);
  expect(countUntilRefused(() => counters.attempt("shop--ada", "2.2.2.2"), 50)).toBe(5);
  clock.ms += 60_000;
  expect(countUntilRefused(() => counters.attempt("shop--ada", "1.1.1.1"), 50)).toBe(5);
});

test("thirty passwords a minute on one app, from however many addresses", () => {
  const { counters } = start();
  let address = 0;
  expect(countUntilRefused(() => counters.attempt("shop--ada", `10.0.0.${(address += 1)}`), 100)).toBe(30);
});

test("places are given back, also those of a refused exchange", () => {
  const { counters } = start({ app: { ...defaultAppLimits.app, underWay: 2 } });
  const leave = counters.begin("shop--ada", "a");
  counters.begin("shop--ada", "b");
  expect(() => counters.begin("shop--ada", "c")).toThrow("Too many");
  leave(0);
  for (let index = 0; index < 40; index += 1) counters.begin("shop--ada", "c")(0);
});

test("an app that sent too much waits until it is earned, and others don't", () => {
  const { clock, counters } = start({ bytesPerS: 100, bytesBurst: 1_000 });
  counters.begin("shop--ada", "a")(1_500);
  expect(() => counters.app("shop--ada")).toThrow("Too many");
  counters.app("blog--ada");
  clock.ms += 5_001;
  counters.app("shop--ada");
});
