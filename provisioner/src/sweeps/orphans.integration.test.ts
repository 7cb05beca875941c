import { createPrismaClient } from "@automna/prisma/client";
import { createTestDatabase } from "@automna/testkit/postgres";
import { expect, test } from "vitest";
import { makeHarness, CELL_ID } from "../testing/reconcile-harness.ts";
import { makeOrphanSweep, ORPHAN_GRACE_MS } from "./orphans.ts";

const { signal } = new AbortController();

test("what nobody owns goes after the grace period, and nothing else", async () => {
  await using database = await createTestDatabase();
  await using harness = makeHarness(database);
  const { db, world, deps } = harness;
  const sweep = makeOrphanSweep({
    db,
    runtime: world.runtime,
    lease: deps.lease,
    cellId: CELL_ID,
    clock: harness.now,
    log: deps.log,
  });
  const [kept, deleted, lost] = [await harness.deploy(), await harness.deploy(), await harness.deploy()];
  for (const agentId of [kept, deleted, lost]) await harness.settle(agentId);
  const [keptSlot = "", deletedSlot = "", lostSlot = ""] = world.slots.keys();

  // A removal that went wrong after its record was released; an agent that is gone without its slot; a stranger's slot.
  const left = world.slots.get(deletedSlot);
  await harness.wish(deleted, "deleted");
  await harness.settle(deleted);
  if (left !== undefined) world.slots.set(deletedSlot, left);
  const admin = createPrismaClient(database.url, { max: 1 });
  await admin.agent.delete({ where: { id: lost } });
  await admin.$disconnect();
  const stranger = { volume: "another's", run: null, lastExit: "clean", endedAtMs: null, claim: null } as const;
  world.slots.set("slt_00000000000000000000", { ...stranger, memoryMb: 1, snapshots: new Map() });

  await sweep(signal);
  harness.pass(ORPHAN_GRACE_MS - 1);
  await sweep(signal);
  expect(world.slots.size).toBe(4);
  harness.pass(1);
  await sweep(signal);
  expect([...world.slots.keys()].toSorted()).toEqual(["slt_00000000000000000000", keptSlot].toSorted());
  expect(await harness.liveSlots()).toEqual([keptSlot]);
  expect(await harness.agent(kept)).toMatchObject({ phase: "ready" });
  expect(await db.slot.findUnique({ where: { id: lostSlot } })).toMatchObject({ releasedAt: expect.any(Date) });
});

test("a database that does not answer removes nothing", async () => {
  await using database = await createTestDatabase();
  await using harness = makeHarness(database);
  const agentId = await harness.deploy();
  await harness.settle(agentId);
  const sweep = makeOrphanSweep({
    db: harness.db,
    runtime: harness.world.runtime,
    lease: harness.deps.lease,
    cellId: CELL_ID,
    clock: harness.now,
    log: harness.deps.log,
  });
  await database.drop();
  await expect(sweep(signal)).rejects.toThrow(/does not exist|terminating|closed/i);
  expect(harness.world.slots.size).toBe(1);
});
