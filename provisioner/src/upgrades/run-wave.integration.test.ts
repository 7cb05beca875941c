import type { WaveSettings } from "@automna/core/upgrades/wave";
import { createPrismaClient, type PrismaClient } from "@automna/prisma/client";
import { transactionLimits } from "@automna/records/database";
import { createWave } from "@automna/records/waves";
import { newId } from "@automna/service-kit/new-id";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeHarness, type Harness } from "../testing/reconcile-harness.ts";
import { makeWaveRun, type WaveRunDeps } from "./run-wave.ts";

const { signal } = new AbortController();
const NEW_IMAGE = "agent:2";
const FORMER = "agent:1";
const settings: WaveSettings = {
  canaries: 1,
  soakMs: 60_000,
  growth: 2,
  maxBatch: 2,
  maxFailureShare: 0.4,
  takesBack: "unwell",
};

let database: TestDatabase;
let harness: Harness;
let admin: PrismaClient;
let agents: string[];
beforeEach(async () => {
  database = await createTestDatabase();
  harness = makeHarness(database);
  admin = createPrismaClient(database.url, { max: 2 });
  agents = [];
  for (let number = 0; number < 4; number += 1) {
    const agentId = await harness.deploy();
    await harness.settle(agentId);
    agents.push(agentId);
  }
  await admin.slot.updateMany({ data: { image: FORMER } });
});
afterEach(async () => {
  await Promise.all([admin.$disconnect(), harness[Symbol.asyncDispose]()]);
  await database.drop();
});

const makeRun = (over: Partial<WaveRunDeps> = {}) =>
  makeWaveRun({
    db: harness.db,
    lease: harness.deps.lease,
    defaultImage: FORMER,
    hint: () => undefined,
    clock: harness.now,
    log: harness.deps.log,
    ...over,
  });
async function start(over: Partial<WaveSettings> = {}): Promise<string> {
  const id = newId("wav");
  const wave = { id, image: NEW_IMAGE, settings: { ...settings, ...over }, createdBy: "user_operator" };
  await admin.$transaction((tx) => createWave(tx, { ...wave, now: new Date(harness.now()) }), transactionLimits);
  await admin.upgradeWave.update({ where: { id }, data: { state: "running" } });
  return id;
}
const wished = () => admin.agent.findMany({ where: { wishedImage: { not: null } } });
const wave = () => admin.upgradeWave.findFirstOrThrow();
const states = async () =>
  (await admin.upgradeMember.findMany({ orderBy: { position: "asc" } })).map(({ state }) => state);
/** What an agent's own upgrade step does with a good image, and with one that does not start. */
const upgrade = async (agentId: string, image = NEW_IMAGE) => {
  const { slotId } = await admin.agent.update({ where: { id: agentId }, data: { wishedImage: null } });
  await admin.slot.update({ where: { id: slotId ?? "" }, data: { image } });
};
const takeBack = (agentId: string) =>
  admin.agent.update({ where: { id: agentId }, data: { wishedImage: null, failedImage: NEW_IMAGE } });
/** Two turns: what became of those under way, and what follows. */
const runTwice = async (run = makeRun()) => {
  await run(signal);
  await run(signal);
};

test("a wave goes from a canary over its soak to everybody, batch by batch, and is done", async () => {
  await start();
  const run = makeRun();
  const sizes: number[] = [];
  for (let turn = 0; turn < 20 && (await wave()).state !== "done"; turn += 1) {
    await runTwice(run);
    const batch = await wished();
    if (batch.length > 0) sizes.push(batch.length);
    for (const { id } of batch) await upgrade(id);
    harness.pass(30_000);
  }
  expect(sizes).toEqual([1, 2, 1]);
  expect(await states()).toEqual(Array.from(agents, () => "upgraded"));
  expect(await wave()).toMatchObject({ state: "done", why: "all_done", endedAt: expect.any(Date) });
});

test("nobody follows a canary before its soak is over", async () => {
  await start();
  await makeRun()(signal);
  for (const { id } of await wished()) await upgrade(id);
  await runTwice();
  harness.pass(59_999);
  await runTwice();
  expect(await wished()).toEqual([]);
  harness.pass(1);
  await runTwice();
  expect(await wished()).toHaveLength(2);
});

test("a canary whose own step took it back halts the wave, and nobody else is touched", async () => {
  await start();
  await makeRun()(signal);
  for (const { id } of await wished()) await takeBack(id);
  await runTwice();
  await runTwice();
  expect(await wave()).toMatchObject({ state: "halted", why: "too_many_failed" });
  expect((await states()).toSorted()).toEqual(["reverted", "waiting", "waiting", "waiting"]);
  expect(await wished()).toEqual([]);
});

test("a wave that takes everybody back wishes the former image for all who had the new one", async () => {
  await start({ takesBack: "all" });
  const run = makeRun();
  await run(signal);
  for (const { id } of await wished()) await upgrade(id);
  await runTwice(run);
  harness.pass(60_000);
  await runTwice(run);
  const [good, bad] = await wished();
  await upgrade(good?.id ?? "");
  await takeBack(bad?.id ?? "");
  for (let turn = 0; turn < 10 && (await wave()).state !== "rolled_back"; turn += 1) {
    await run(signal);
    for (const { id, wishedImage } of await wished()) {
      expect(wishedImage).toBe(FORMER);
      await upgrade(id, FORMER);
    }
  }
  expect(await wave()).toMatchObject({ state: "rolled_back" });
  expect((await admin.slot.findMany()).map(({ image }) => image)).toEqual(Array.from(agents, () => FORMER));
});

test("a customer who wants it later is passed over until then", async () => {
  const { userId } = await harness.agent(agents[0] ?? "");
  const until = new Date(harness.now() + 3_600_000);
  await admin.upgradeDeferral.create({ data: { userId, until, setBy: "user_operator" } });
  await start({ canaries: 4, maxBatch: 4 });
  await makeRun()(signal);
  expect((await wished()).map(({ id }) => id).toSorted()).toEqual(agents.slice(1).toSorted());
  for (const { id } of await wished()) await upgrade(id);
  await runTwice();
  expect((await wave()).state).toBe("running");
  harness.pass(3_600_000);
  await runTwice();
  expect((await wished()).map(({ id }) => id)).toEqual([agents[0]]);
});

test("a worker that dies between two agents is followed by one that begins no more than the batch may have", async () => {
  await start({ canaries: 2 });
  const dying = new AbortController();
  await expect(makeRun({ hint: () => dying.abort(new Error("killed")) })(dying.signal)).rejects.toThrow("killed");
  expect(await wished()).toHaveLength(1);
  const runs = ["one", "other"].map((holder) => makeRun({ lease: { ...harness.deps.lease, holder } }));
  await Promise.all(runs.map((run) => run(signal)));
  expect((await wished()).length).toBeLessThanOrEqual(2);
});

test("a wave that an operator pauses between plan and wish begins nothing", async () => {
  const waveId = await start({ canaries: 2 });
  const run = makeRun({
    hint: () => undefined,
    db: new Proxy(harness.db, {
      get: (db, name) =>
        name === "$queryRaw"
          ? async (...query: Parameters<typeof db.$queryRaw>) => {
              const rows = await db.$queryRaw(...query);
              await admin.upgradeWave.update({ where: { id: waveId }, data: { state: "paused" } });
              return rows;
            }
          : (Reflect.get(db, name) as unknown),
    }),
  });
  await run(signal);
  expect(await wished()).toEqual([]);
  expect(new Set(await states())).toEqual(new Set(["waiting"]));
});
