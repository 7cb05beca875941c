import { expect, test } from "vitest";
import { drain, dueCount, spreadMs } from "./drain.ts";
import type { Held } from "./held-connections.ts";

test.each([
  [0, 20_000, 0],
  [2, 20_000, 20],
  [1_000, 20_000, 10_000],
  [1_000_000, 20_000, 10_000],
  [1_000, 0, 0],
])("telling %i sockets with %i ms left takes %i ms", (count, leftMs, expected) => {
  expect(spreadMs(count, leftMs)).toBe(expected);
});

test("sockets are due evenly, the first at once and the last before the end", () => {
  const due = [0, 2_500, 5_000, 9_990, 20_000].map((elapsedMs) => dueCount(1_000, elapsedMs, 10_000));
  expect(due).toEqual([1, 251, 501, 1_000, 1_000]);
  expect(dueCount(7, 0, 0)).toBe(7);
});

/** Sockets that are gone as soon as they are told, unless they are in the middle of a message. */
function makeWorld(count: number, isBusy: (index: number) => boolean = () => false) {
  const steps: string[] = [];
  const held = new Map<number, Held>();
  const told: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const end = () => {
      told.push(index);
      held.delete(index);
    };
    const entry = { kind: "websocket" as const, userId: "u", sessionId: "s", backendId: null, end };
    held.set(index, { ...entry, canEndCleanly: () => !isBusy(index) });
  }
  const deps = {
    held: {
      sockets: () => [...held.values()],
      size: () => held.size,
      endAll: () => void steps.push(`cut ${held.size}`),
    },
    announce: () => void steps.push("announced"),
    stopListening: () => void steps.push("closed"),
    closeIdle: () => undefined,
    now: Date.now,
  };
  return { deps, steps, told };
}

test("says that it leaves before it takes no more, and ends when nothing is under way", async () => {
  const { deps, steps, told } = makeWorld(5);
  const startedAt = performance.now();
  await drain(deps, { timeoutMs: 10_000, noticeMs: 30 });
  expect(steps).toEqual(["announced", "closed", "cut 0"]);
  expect(told).toHaveLength(5);
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});

test("a socket within a message waits for its end, and is cut with the deadline", async () => {
  const { deps, steps, told } = makeWorld(3, (index) => index === 1);
  await drain(deps, { timeoutMs: 120, noticeMs: 0 });
  expect(told).toEqual([0, 2]);
  expect(steps.at(-1)).toBe("cut 1");
});
