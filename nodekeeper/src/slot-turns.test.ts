import { expect, test } from "vitest";
import { makeSlotTurns } from "./slot-turns.ts";

const { signal } = new AbortController();

test("calls of one slot come one at a time and in order, also after one that failed; slots don't wait for each other", async () => {
  const turns = makeSlotTurns();
  const seen: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = turns.take("a", signal, async () => {
    seen.push("first begins");
    await gate.promise;
    seen.push("first ends");
    throw new Error("failed");
  });
  const second = turns.take("a", signal, () => Promise.resolve(void seen.push("second")));
  await turns.take("b", signal, () => Promise.resolve(void seen.push("other slot")));
  gate.resolve();
  await expect(first).rejects.toThrow("failed");
  await second;
  expect(seen).toEqual(["first begins", "other slot", "first ends", "second"]);
});

test("a caller who left while waiting does nothing", async () => {
  const turns = makeSlotTurns();
  const gate = Promise.withResolvers<void>();
  const first = turns.take("a", signal, () => gate.promise);
  const left = new AbortController();
  let hasRun = false;
  const second = turns.take("a", left.signal, () => Promise.resolve(void (hasRun = true)));
  left.abort(new Error("left"));
  gate.resolve();
  await first;
  await expect(second).rejects.toThrow("left");
  expect(hasRun).toBe(false);
});
