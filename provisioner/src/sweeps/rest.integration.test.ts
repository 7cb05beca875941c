import { MINUTE_MS } from "@automna/core/shared/clock";
import { recordActivity } from "@automna/records/activity";
import { makePool } from "@automna/records/pool";
import { createTestDatabase } from "@automna/testkit/postgres";
import { expect, test } from "vitest";
import { makeHarness } from "../testing/reconcile-harness.ts";
import { makeAgentSweep } from "./agents.ts";
import { makeRestSweep } from "./rest.ts";

const { signal } = new AbortController();
const times = { dozeAfterMs: 30 * MINUTE_MS, sleepAfterMs: 120 * MINUTE_MS };

test("who nobody needs dozes, then sleeps; who is needed stays, and whoever is written to is back", async () => {
  await using database = await createTestDatabase();
  await using harness = makeHarness(database);
  const ingress = makePool(database.urlAs("automna_ingress"), { max: 1 });
  const [busy, idle] = [await harness.deploy(), await harness.deploy()];
  for (const agentId of [busy, idle]) await harness.settle(agentId);
  const hinted: string[] = [];
  const { db, deps } = harness;
  const sweep = makeRestSweep({ db, times, hint: (id) => hinted.push(id), clock: harness.now, log: deps.log });
  const { userId: busyUser } = await harness.agent(busy);
  const pass = async (minutes: number) => {
    harness.pass(minutes * MINUTE_MS);
    await recordActivity(ingress, [busyUser], new Date(harness.now()));
    await sweep(signal);
    for (const agentId of [busy, idle]) await harness.settle(agentId);
  };

  await pass(29);
  expect(hinted).toEqual([]);
  await pass(2);
  expect(hinted).toEqual([idle]);
  expect((await harness.agent(idle)).phase).toBe("dozing");
  await pass(10);
  expect(hinted).toEqual([idle]);
  await pass(110);
  expect(await harness.agent(idle)).toMatchObject({ phase: "asleep", reason: "resting" });
  expect((await harness.agent(busy)).phase).toBe("ready");

  await harness.wake(idle);
  expect((await harness.settle(idle)).phase).toBe("ready");
  await sweep(signal);
  expect((await harness.settle(idle)).phase).toBe("ready");
  await ingress.end();
});

test("a request that was under way when its agent was frozen brings it back", async () => {
  await using database = await createTestDatabase();
  await using harness = makeHarness(database);
  const ingress = makePool(database.urlAs("automna_ingress"), { max: 1 });
  const agentId = await harness.deploy();
  await harness.settle(agentId);
  await harness.rest(agentId, "doze");
  expect((await harness.settle(agentId)).phase).toBe("dozing");
  const { userId } = await harness.agent(agentId);
  harness.pass(1_000);
  await recordActivity(ingress, [userId], new Date(harness.now()));
  const { db, deps } = harness;
  await makeRestSweep({ db, times, hint: () => undefined, clock: harness.now, log: deps.log })(signal);
  expect((await harness.settle(agentId)).phase).toBe("ready");
  await ingress.end();
});

test("a wake whose hint died with a process is seen by the next turn of the sweep, not within a minute", async () => {
  await using database = await createTestDatabase();
  await using harness = makeHarness(database);
  const agentId = await harness.deploy();
  await harness.settle(agentId);
  await harness.rest(agentId, "doze");
  expect((await harness.settle(agentId)).phase).toBe("dozing");
  const hinted: string[] = [];
  const looks = { hint: (id: string) => hinted.push(id), isDueWithin: () => false, close: async () => undefined };
  const sweep = makeAgentSweep({ db: harness.db, looks, clock: harness.now, random: () => 0 });
  await sweep();
  expect(hinted.splice(0), "everybody at first").toEqual([agentId]);
  await sweep();
  expect(hinted).toEqual([]);
  await harness.wake(agentId);
  await sweep();
  expect(hinted).toEqual([agentId]);
});
