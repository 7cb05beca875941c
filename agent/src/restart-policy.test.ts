import { describe, expect, test } from "vitest";
import { planRestart, recentCrashes, type Crash } from "./restart-policy.ts";

const NOW = 10_000_000;
const crashes = (count: number, wasReady: boolean): Crash[] =>
  Array.from({ length: count }, () => ({ atMs: NOW - 1, wasReady }));
const delays = (counts: number[], wasReady: boolean) =>
  counts.map((count) => planRestart(crashes(count, wasReady), NOW).delayMs);

describe("after a crash the gateway", () => {
  test("that had worked starts again at once, and only later more slowly", () => {
    expect(delays([1, 2, 3, 4, 5, 6, 7], true)).toEqual([500, 500, 500, 500, 500, 1_000, 2_000]);
    expect(planRestart(crashes(12, true), NOW).state).toBe("starting");
    expect(planRestart(crashes(13, true), NOW)).toEqual({ delayMs: 60_000, state: "failing" });
  });

  test("that never got to work is given more time with each try, then counts as failing and is still tried", () => {
    expect(delays([1, 2, 3, 4], false)).toEqual([500, 1_000, 2_000, 4_000]);
    expect(planRestart(crashes(5, false), NOW)).toEqual({ delayMs: 60_000, state: "failing" });
  });

  test("that worked in between has its budget back", () => {
    expect(planRestart([...crashes(4, false), ...crashes(1, true), ...crashes(1, false)], NOW)).toMatchObject({
      state: "starting",
    });
  });

  test("is forgiven after ten minutes", () => {
    const old = crashes(20, false).map((crash) => ({ ...crash, atMs: NOW - 600_000 }));
    const now = { atMs: NOW, wasReady: false };
    expect(recentCrashes([...old, now], NOW)).toEqual([now]);
    expect(planRestart([...old, now], NOW)).toEqual({ delayMs: 500, state: "starting" });
  });
});
