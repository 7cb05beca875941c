import { DAY_MS, MINUTE_MS } from "@automna/core/shared/clock";
import { expect, test } from "vitest";
import { makeAppWaking } from "./app-waking.ts";

const agent = { agentId: "agt_1", userId: "user_1" };

function makeWorld() {
  const world = { nowMs: 0, woken: 0 };
  const waking = makeAppWaking({
    async wakeAgent() {
      world.woken += 1;
      return true;
    },
    now: () => world.nowMs,
  });
  return { world, waking };
}

test("a crowd within one start wakes an agent once, and all of it is told that it comes", async () => {
  const { world, waking } = makeWorld();
  const answers = await Promise.all(Array.from({ length: 50 }, () => waking.wake(agent, true)));
  expect([new Set(answers), world.woken]).toEqual([new Set([true]), 1]);
});

test("strangers can't keep an agent awake: they wake it every ten minutes at most, and twelve times a day", async () => {
  const { world, waking } = makeWorld();
  await waking.wake(agent, true);
  world.nowMs = 9 * MINUTE_MS;
  expect(await waking.wake(agent, true)).toBe(false);
  for (; world.nowMs < DAY_MS; world.nowMs += MINUTE_MS) await waking.wake(agent, true);
  expect(world.woken).toBe(12);
  // The first of them is a day old.
  expect(await waking.wake(agent, true)).toBe(true);
});

test("who knows the password, or owns the agent, wakes it whatever strangers did; another agent is another matter", async () => {
  const { world, waking } = makeWorld();
  for (; world.nowMs < DAY_MS / 2; world.nowMs += 11 * MINUTE_MS) await waking.wake(agent, true);
  expect(await waking.wake(agent, true)).toBe(false);
  expect(await waking.wake(agent, false)).toBe(true);
  expect(await waking.wake({ ...agent, agentId: "agt_2" }, true)).toBe(true);
});
