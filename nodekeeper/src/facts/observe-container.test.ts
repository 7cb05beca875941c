import { describe, expect, test } from "vitest";
import { chooseContainer, toSlotContainer } from "./observe-container.ts";

const state = {
  Running: false,
  Paused: false,
  OOMKilled: false,
  Pid: 0,
  ExitCode: 0,
  Error: "",
  StartedAt: "2026-11-23T00:00:00.5Z",
  FinishedAt: "2026-11-23T00:01:00Z",
};
const usage = { memoryMb: 100, swapMb: 0, cpuMs: 5 };
const see = (changes: Partial<typeof state>) => toSlotContainer({ Id: "abc", State: { ...state, ...changes } }, usage);

describe("a container", () => {
  test("that is paused dozes", () => {
    expect(see({ Running: true, Paused: true })).toEqual({
      kind: "running",
      isDozing: true,
      startedAtMs: Date.parse(state.StartedAt),
      ...usage,
    });
  });
  test("that ended says with what, when, and whether memory was the reason", () => {
    expect(see({ ExitCode: 137, OOMKilled: true })).toEqual({
      kind: "ended",
      exitCode: 137,
      wasOomKilled: true,
      startedAtMs: Date.parse(state.StartedAt),
      endedAtMs: Date.parse(state.FinishedAt),
      startError: "",
    });
  });
  test("that never started has no times and the engine's reason", () => {
    const never = "0001-01-01T00:00:00Z";
    expect(see({ ExitCode: 128, Error: "no such device", StartedAt: never, FinishedAt: never })).toMatchObject({
      startedAtMs: null,
      endedAtMs: null,
      startError: "no such device",
    });
  });
});

test("of several containers of a slot the running one counts, else the newest", () => {
  const old = { isRunning: true, createdAt: 1 };
  const newer = { isRunning: false, createdAt: 2 };
  const newest = { isRunning: false, createdAt: 3 };
  expect(chooseContainer([newer, old, newest])).toBe(old);
  expect(chooseContainer([newer, newest])).toBe(newest);
  expect(chooseContainer([])).toBeNull();
});
