import { AppError } from "@automna/core/shared/app-error";
import { createPrismaClient, type PrismaClient } from "@automna/prisma/client";
import { SWEEP_REPORTS_KEPT_MS } from "@automna/records/sweep-reports";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CELL_ID, makeHarness, type Harness } from "../testing/reconcile-harness.ts";
import { makeOrphanSweep, ORPHAN_GRACE_MS, type OrphanSweepDeps } from "./orphans.ts";

const STRANGER = "slt_00000000000000000000";
const strangersSlot = () => ({
  volume: "another's",
  run: null,
  lastExit: "clean" as const,
  endedAtMs: null,
  claim: null,
  memoryMb: 1,
  snapshots: new Map(),
});
const { signal } = new AbortController();

let database: TestDatabase;
let harness: Harness;
let admin: PrismaClient;
let hints: string[];
beforeEach(async () => {
  database = await createTestDatabase();
  harness = makeHarness(database);
  admin = createPrismaClient(database.url, { max: 1 });
  hints = [];
});
afterEach(async () => {
  await Promise.all([admin.$disconnect(), harness[Symbol.asyncDispose]()]);
  await database.drop();
});

const makeSweep = (over: Partial<OrphanSweepDeps> = {}) =>
  makeOrphanSweep({
    db: harness.db,
    runtime: harness.world.runtime,
    lease: harness.deps.lease,
    cellId: CELL_ID,
    hint: (agentId) => void hints.push(agentId),
    clock: harness.now,
    log: harness.deps.log,
    ...over,
  });
const reports = () => harness.db.sweepReport.findMany({ orderBy: { requestedAt: "asc" } });

/** An agent as it should be, a removal that went wrong, an agent that is gone without its slot, and a stranger's slot. */
async function makeMess() {
  const { world } = harness;
  const [kept, deleted, lost] = [await harness.deploy(), await harness.deploy(), await harness.deploy()];
  for (const agentId of [kept, deleted, lost]) await harness.settle(agentId);
  const [keptSlot = "", deletedSlot = "", lostSlot = ""] = world.slots.keys();
  const left = world.slots.get(deletedSlot);
  await harness.wish(deleted, "deleted");
  await harness.settle(deleted);
  if (left !== undefined) world.slots.set(deletedSlot, left);
  await admin.agent.delete({ where: { id: lost } });
  world.slots.set(STRANGER, strangersSlot());
  return { kept, keptSlot, deletedSlot, lostSlot };
}

test("what nobody owns goes after the grace period, and nothing else", async () => {
  const { kept, keptSlot, deletedSlot, lostSlot } = await makeMess();
  const { db, world } = harness;
  const sweep = makeSweep();
  await sweep(signal);
  harness.pass(ORPHAN_GRACE_MS - 1);
  await sweep(signal);
  expect(world.slots.size).toBe(4);
  harness.pass(1);
  await sweep(signal);
  expect([...world.slots.keys()].toSorted()).toEqual([STRANGER, keptSlot].toSorted());
  expect(await harness.liveSlots()).toEqual([keptSlot]);
  expect(await harness.agent(kept)).toMatchObject({ phase: "ready" });
  expect(await db.slot.findUnique({ where: { id: lostSlot } })).toMatchObject({ releasedAt: expect.any(Date) });
  const [report, more] = await reports();
  expect(more).toBeUndefined();
  expect(report).toMatchObject({ cellId: CELL_ID, isDryRun: false, turns: 3, seen: 4, problem: null });
  expect(report?.findings).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ kind: "released", slotId: deletedSlot, outcome: "removed" }),
      expect.objectContaining({ kind: "unowned", slotId: lostSlot, outcome: "removed" }),
      expect.objectContaining({ kind: "foreign", slotId: STRANGER, outcome: "left_alone" }),
    ]),
  );
});

test("a turn that finds the same shares the report of the one before, and old reports go", async () => {
  const sweep = makeSweep();
  for (let turn = 0; turn < 3; turn += 1) await sweep(signal);
  expect(await reports()).toMatchObject([{ turns: 3, findings: [] }]);
  harness.pass(SWEEP_REPORTS_KEPT_MS + 1);
  harness.world.slots.set(STRANGER, strangersSlot());
  await sweep(signal);
  expect(await reports()).toMatchObject([{ turns: 1, findings: [{ slotId: STRANGER }] }]);
});

test("what has an owner and is not there is reported with its agent, which is told and loses nothing", async () => {
  const agentId = await harness.deploy();
  await harness.settle(agentId);
  const [slotId = ""] = harness.world.slots.keys();
  harness.world.slots.clear();
  const sweep = makeSweep();
  await sweep(signal);
  expect(hints).toEqual([]);
  harness.pass(ORPHAN_GRACE_MS);
  await sweep(signal);
  expect(await reports()).toMatchObject([{ findings: [{ kind: "missing", slotId, agentId, outcome: "reported" }] }]);
  expect(hints).toEqual([agentId]);
  await harness.settle(agentId);
  expect(await harness.agent(agentId)).toMatchObject({ reason: "slot_lost" });
  expect(await harness.liveSlots()).toEqual([slotId]);
});

test("a dry run that somebody asked for says what would go and touches nothing", async () => {
  const { lostSlot } = await makeMess();
  const elsewhere = makeSweep({ runtime: { ...harness.world.runtime, stop: () => Promise.reject(new Error("no")) } });
  await elsewhere(signal);
  harness.pass(ORPHAN_GRACE_MS);
  const request = { isDryRun: true, requestedBy: "user_operator", requestedAt: new Date(harness.now()) };
  await admin.sweepReport.create({ data: { id: "swp_1", cellId: CELL_ID, ...request } });
  await admin.sweepReport.create({ data: { id: "swp_2", cellId: "another cell", ...request } });
  const before = harness.world.slots.size;
  // The same turn sweeps for real afterwards; here every removal fails, and only the dry run is looked at.
  await elsewhere(signal);
  const answered = await harness.db.sweepReport.findUniqueOrThrow({ where: { id: "swp_1" } });
  expect(answered).toMatchObject({ turns: 1, seen: 4, lastAt: expect.any(Date) });
  expect(answered.findings).toContainEqual(
    expect.objectContaining({ kind: "unowned", slotId: lostSlot, outcome: "would_remove" }),
  );
  expect(harness.world.slots.size).toBe(before);
  expect(await harness.db.sweepReport.findUnique({ where: { id: "swp_2" } })).toMatchObject({ lastAt: null });
});

test("a removal that does not work is reported with its reason, keeps nobody else waiting, and is tried again", async () => {
  const { deletedSlot, lostSlot } = await makeMess();
  const { runtime } = harness.world;
  let isStuck = true;
  const sweep = makeSweep({
    runtime: {
      ...runtime,
      async stop(slotId, call) {
        if (isStuck && slotId === deletedSlot) throw new AppError("stop_overdue", "transient", "it does not end");
        await runtime.stop(slotId, call);
      },
    },
  });
  await sweep(signal);
  harness.pass(ORPHAN_GRACE_MS);
  await sweep(signal);
  const findings = (await reports()).at(-1)?.findings;
  expect(findings).toContainEqual(
    expect.objectContaining({ slotId: deletedSlot, outcome: "removal_failed", error: "stop_overdue" }),
  );
  expect(findings).toContainEqual(expect.objectContaining({ slotId: lostSlot, outcome: "removed" }));
  isStuck = false;
  await sweep(signal);
  expect(harness.world.slots.has(deletedSlot)).toBe(false);
});

test("a sweep that dies over a removal leaves the trace that it had begun, and the next one finishes", async () => {
  const { lostSlot } = await makeMess();
  const { runtime } = harness.world;
  const dying = new AbortController();
  const sweep = makeSweep({
    runtime: {
      ...runtime,
      async delete(slotId, call) {
        await runtime.delete(slotId, call);
        dying.abort(new Error("killed"));
        dying.signal.throwIfAborted();
      },
    },
  });
  await sweep(signal);
  harness.pass(ORPHAN_GRACE_MS);
  await expect(sweep(dying.signal)).rejects.toThrow("killed");
  expect((await reports()).at(-1)?.findings).toContainEqual(
    expect.objectContaining({ slotId: lostSlot, outcome: "removing" }),
  );
  const next = makeSweep();
  await next(signal);
  harness.pass(ORPHAN_GRACE_MS);
  await next(signal);
  expect(await harness.db.slot.findUnique({ where: { id: lostSlot } })).toMatchObject({
    releasedAt: expect.any(Date),
  });
});

test("a cell that can't be looked at removes nothing, and the report says so", async () => {
  const { keptSlot } = await makeMess();
  const sweep = makeSweep({
    runtime: {
      ...harness.world.runtime,
      listOwned: () => Promise.reject(new AppError("node_unreachable", "transient", "no answer")),
    },
  });
  await expect(sweep(signal)).rejects.toThrow("no answer");
  expect(await reports()).toMatchObject([{ problem: "node_unreachable", findings: [] }]);
  expect(harness.world.slots.has(keptSlot)).toBe(true);
});

test("a database that does not answer removes nothing", async () => {
  const agentId = await harness.deploy();
  await harness.settle(agentId);
  const sweep = makeSweep();
  await database.drop();
  await expect(sweep(signal)).rejects.toThrow(/does not exist|terminating|closed/i);
  expect(harness.world.slots.size).toBe(1);
});
