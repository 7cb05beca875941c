import { randomUUID } from "node:crypto";
import { newId } from "@automna/service-kit/new-id";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makePool, type Pool } from "../pool.ts";
import { insertUsage, listDailyUsage, type ModelUsage } from "./model-usage.ts";
import { makeUsageWriter } from "./usage-writer.ts";

const day = Date.UTC(2026, 10, 22);
const DAY_MS = 86_400_000;
let database: TestDatabase;
let owner: Pool;
let egress: Pool;
let api: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  owner = makePool(database.url, { max: 1 });
  egress = makePool(database.urlAs("automna_egress"), { max: 2 });
  api = makePool(database.urlAs("automna_api"), { max: 1 });
});
afterAll(async () => {
  await Promise.all([owner.end(), egress.end(), api.end()]);
  await database.drop();
});

async function addUser(): Promise<string> {
  const userId = newId("user");
  await owner.query("INSERT INTO users (id, email, issuer, updated_at) VALUES ($1, $1, 'local', now())", [userId]);
  return userId;
}
const usage = (userId: string, change: Partial<ModelUsage> = {}): ModelUsage => ({
  id: randomUUID(),
  userId,
  agentId: "agt_a",
  runId: "r1",
  model: "claude-sonnet-5",
  source: "credits",
  isUtility: false,
  inputTokens: 100,
  outputTokens: 10,
  cacheWriteTokens: 1,
  cacheReadTokens: 2,
  microDollars: 300,
  credits: 1,
  outcome: "complete",
  atMs: day,
  ...change,
});

test("a day adds up per model, and another customer's usage is none of it", async () => {
  const [ann, bob] = [await addUser(), await addUser()];
  const first = usage(ann);
  const rows = [
    first,
    usage(ann, { credits: 0 }),
    usage(ann, { runId: "r2", model: "claude-opus-5", credits: 5, microDollars: null }),
    usage(ann, { atMs: day - DAY_MS, runId: "r0" }),
    usage(bob),
  ];
  await insertUsage(egress, rows);
  await insertUsage(egress, [first]); // the same again
  expect(await listDailyUsage(api, ann, day)).toEqual([
    { ...daily, model: "claude-opus-5", runs: 1, calls: 1, credits: 5 },
    { ...daily, runs: 1, calls: 2, inputTokens: 200, outputTokens: 20, cacheTokens: 6 },
  ]);
  expect((await listDailyUsage(api, ann, 0)).map((one) => one.day)).toEqual(["2026-11-22", "2026-11-22", "2026-11-21"]);
});
const daily = {
  day: "2026-11-22",
  model: "claude-sonnet-5",
  runs: 1,
  calls: 1,
  inputTokens: 100,
  outputTokens: 10,
  cacheTokens: 3,
  credits: 1,
};

test("egress writes usage and can't read it; the api reads and can't write", async () => {
  const userId = await addUser();
  await expect(listDailyUsage(egress, userId, 0)).rejects.toThrow(/permission denied/);
  await expect(insertUsage(api, [usage(userId)])).rejects.toThrow(/permission denied/);
});

test("rows wait while the database is away, are written once it is back, and the oldest go first when there are too many", async () => {
  const written: string[] = [];
  const troubles: number[] = [];
  let isAway = true;
  const writer = makeUsageWriter({
    insert: async (rows) => {
      if (isAway) throw new Error("away");
      written.push(...rows.map(({ runId }) => runId));
    },
    onTrouble: ({ lost }) => troubles.push(lost),
    everyMs: 5,
    maxBatch: 2,
    maxWaiting: 3,
  });
  for (const runId of ["a", "b", "c", "d"]) writer.add(usage("u", { runId }));
  await expect.poll(() => troubles).toContain(1);
  isAway = false;
  await writer.close();
  expect(written).toEqual(["b", "c", "d"]);
});
