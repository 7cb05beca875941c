import { createPrismaClient, type PrismaClient } from "@automna/prisma/client";
import { transactionLimits } from "@automna/records/database";
import { beginDrain, cancelDrain } from "@automna/records/drains";
import { newId } from "@automna/service-kit/new-id";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CELL_ID, makeHarness, type Harness } from "../testing/reconcile-harness.ts";
import { makeDrainRun, type DrainDeps } from "./drain-node.ts";

const NODE_ID = "node-1";
const { signal } = new AbortController();

let database: TestDatabase;
let harness: Harness;
let admin: PrismaClient;
let hints: string[];
beforeEach(async () => {
  database = await createTestDatabase();
  harness = makeHarness(database);
  admin = createPrismaClient(database.url, { max: 2 });
  hints = [];
});
afterEach(async () => {
  await Promise.all([admin.$disconnect(), harness[Symbol.asyncDispose]()]);
  await database.drop();
});

const makeRun = (over: Partial<DrainDeps> = {}) =>
  makeDrainRun({
    db: harness.db,
    lease: harness.deps.lease,
    cellId: CELL_ID,
    hint: (agentId) => void hints.push(agentId),
    clock: harness.now,
    log: harness.deps.log,
    ...over,
  });
const begin = (concurrency: number) =>
  admin.$transaction(
    (tx) =>
      beginDrain(tx, {
        id: newId("drn"),
        nodeId: NODE_ID,
        concurrency,
        createdBy: "user_operator",
        now: new Date(harness.now()),
      }),
    transactionLimits,
  );
const wished = async () =>
  (await admin.agent.findMany({ where: { moveWishedAt: { not: null } }, orderBy: { id: "asc" } })).map(({ id }) => id);
const node = () => admin.node.findUniqueOrThrow({ where: { id: NODE_ID } });
/** What the agent's own steps do: it has another place, or it stays after all. */
const arrive = (agentId: string) =>
  admin.agent.update({ where: { id: agentId }, data: { slotId: null, moveWishedAt: null } });
const giveUp = async (agentId: string) => {
  await admin.agent.update({ where: { id: agentId }, data: { moveWishedAt: null } });
  const at = new Date(harness.now());
  await admin.agentEvent.create({ data: { agentId, type: "agent.move_abandoned", phase: "ready", data: {}, at } });
};

async function deployMany(count: number): Promise<string[]> {
  const agents: string[] = [];
  for (let number = 0; number < count; number += 1) {
    const agentId = await harness.deploy();
    await harness.settle(agentId);
    agents.push(agentId);
  }
  return agents;
}

test("a drain keeps new slots away, moves a few at a time, and ends with the node empty and still cordoned", async () => {
  const agents = await deployMany(3);
  const drain = await begin(2);
  expect(drain).toMatchObject({ total: 3, state: "running" });
  expect(await node()).toMatchObject({ cordonReason: "operator", drainingSince: expect.any(Date) });
  const run = makeRun();
  for (let left = agents.length; left > 0; left -= 1) {
    await run(signal);
    const moving = await wished();
    expect(moving).toHaveLength(Math.min(2, left));
    await arrive(moving[0] ?? "");
  }
  await run(signal);
  expect(await admin.nodeDrain.findFirst()).toMatchObject({ state: "done", endedAt: expect.any(Date) });
  expect(await node()).toMatchObject({ cordonReason: "operator", drainingSince: null });
  expect(hints.toSorted()).toEqual(agents.toSorted());
});

test("a drain that another worker goes on with begins no move twice and no more than may be", async () => {
  await deployMany(3);
  await begin(2);
  await makeRun()(signal);
  const before = await wished();
  const runs = ["one", "other"].map((holder) => makeRun({ lease: { ...harness.deps.lease, holder } }));
  await Promise.all(runs.map((run) => run(signal)));
  expect(await wished()).toEqual(before);
  expect(hints).toHaveLength(2);
  const events = await admin.agentEvent.count({ where: { type: "agent.move_requested" } });
  expect(events).toBe(2);
});

test("asked for twice it is one drain, and the second time says how fast", async () => {
  await deployMany(1);
  const [one, other] = await Promise.all([begin(1), begin(1)]);
  expect(one.id).toBe(other.id);
  expect(await begin(4)).toMatchObject({ id: one.id, concurrency: 4 });
});

test("a move that was given up is tried again later, and others are not kept waiting", async () => {
  const [agentId = ""] = await deployMany(1);
  await begin(1);
  const run = makeRun();
  await run(signal);
  await giveUp(agentId);
  await run(signal);
  expect(await wished()).toEqual([]);
  harness.pass(60_000);
  await run(signal);
  expect(await wished()).toEqual([agentId]);
});

test("a cancelled drain begins nothing more, and lets what has begun arrive", async () => {
  await deployMany(2);
  await begin(1);
  const run = makeRun();
  await run(signal);
  const [moving] = await wished();
  await admin.$transaction((tx) => cancelDrain(tx, NODE_ID, new Date(harness.now())), transactionLimits);
  await arrive(moving ?? "");
  await run(signal);
  expect(await wished()).toEqual([]);
  expect(await admin.nodeDrain.findFirst()).toMatchObject({ state: "cancelled" });
  expect(await node()).toMatchObject({ cordonReason: "operator", drainingSince: null });
});

test("an agent that can't leave yet is left where it is", async () => {
  const [agentId = ""] = await deployMany(1);
  await admin.agent.update({ where: { id: agentId }, data: { phase: "starting" } });
  await begin(1);
  await makeRun()(signal);
  expect(await wished()).toEqual([]);
  expect(await admin.nodeDrain.findFirst()).toMatchObject({ state: "running" });
});
