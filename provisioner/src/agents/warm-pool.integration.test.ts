import type { WarmWish } from "@automna/core/warm-pool/plan-warm-pool";
import { MAKING_LIMIT_MS } from "@automna/core/warm-pool/warm-slot";
import { setCordon } from "@automna/records/nodes";
import { acquireLease, releaseLease } from "@automna/records/leases";
import { listWarmSlots, setWarmPause, setWarmState } from "@automna/records/warm-slots";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CELL_ID, makeHarness, type Harness } from "../testing/reconcile-harness.ts";
import { makeWarmPool, type WarmPoolDeps } from "./warm-pool.ts";

let database: TestDatabase;
let harness: Harness;

beforeEach(async () => {
  database = await createTestDatabase();
  harness = makeHarness(database);
  await harness.setNode({});
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
  await database.drop();
});

const oneOf = (tier: WarmWish["tier"]): WarmWish[] => [{ tier, perNode: 1 }];
const poolWith = (over: Partial<WarmPoolDeps> = {}) =>
  makeWarmPool({ ...harness.deps, wishes: oneOf("starter"), ...over });
const turn = (over: Partial<WarmPoolDeps> = {}) => poolWith(over)(new AbortController().signal);
/** Turns until the pool has what it wishes, or `times` are over. */
const fill = async (over: Partial<WarmPoolDeps> = {}, times = 8) => {
  const pool = poolWith(over);
  for (let i = 0; i < times; i += 1) {
    harness.pass(1_000);
    await pool(new AbortController().signal);
  }
};
const warm = async () => (await listWarmSlots(harness.db, CELL_ID)).map(({ warm }) => warm);
const only = async () => {
  const [slot, ...others] = await warm();
  if (slot === undefined || others.length > 0) throw new Error("there is not one warm slot");
  return slot;
};

test("a slot comes up before there is an agent for it, and the next agent has it at once", async () => {
  await fill();
  const ready = await only();
  expect(ready).toMatchObject({ state: "ready", tier: "starter", image: "image-1" });
  expect(harness.world.calls).toEqual(["create", "start", "prepare"]);

  const agentId = await harness.deploy();
  const agent = await harness.settle(agentId);
  expect(agent).toMatchObject({ phase: "ready", slotId: ready.slotId });
  expect(harness.world.calls).toEqual(["create", "start", "prepare", "claim"]);
  const events = await harness.db.agentEvent.findMany({ where: { agentId }, orderBy: { id: "asc" } });
  expect(events.map(({ type }) => type)).toContain("agent.warm_slot_given");
  expect(harness.world.slots.get(ready.slotId)?.claim?.agentId).toBe(agentId);

  await fill();
  expect((await only()).slotId).not.toBe(ready.slotId);
  await harness.wish(agentId, "deleted");
  expect(await harness.settle(agentId)).toMatchObject({ phase: "deleted" });
});

test("one warm slot never serves two agents, however many ask at once", async () => {
  await fill();
  const { slotId } = await only();
  const agents = [await harness.deploy(), await harness.deploy(), await harness.deploy()];
  await Promise.all(agents.map((agentId) => harness.look(agentId)));
  for (const agentId of agents) await harness.settle(agentId);
  const places = await Promise.all(agents.map(async (agentId) => (await harness.agent(agentId)).slotId));
  expect(new Set(places).size).toBe(3);
  expect(places.filter((place) => place === slotId)).toHaveLength(1);
  expect(await warm()).toEqual([]);
});

test("what goes is given to nobody, and what was given away does not go", async () => {
  await fill();
  const { slotId } = await only();
  const lease = await acquireLease(harness.db, "warm-pool:test", "test", 15_000);
  if (lease === null) throw new Error("the lease is free");
  const retire = () =>
    setWarmState(harness.db, { lease, slotId, from: ["making", "ready"], to: "retiring", now: new Date() });
  expect(await retire()).toBe(true);
  const first = await harness.deploy();
  expect((await harness.settle(first)).slotId).not.toBe(slotId);

  await fill();
  const next = await only();
  const second = await harness.deploy();
  expect((await harness.settle(second)).slotId).toBe(next.slotId);
  const late = { lease, slotId: next.slotId, from: ["making", "ready"], to: "retiring", now: new Date() } as const;
  expect(await setWarmState(harness.db, late)).toBe(false);
  expect(harness.world.running()).toContain(next.slotId);
});

test("a worker that has lost its lease changes nothing", async () => {
  await fill();
  const { slotId } = await only();
  const lease = await acquireLease(harness.db, "warm-pool:test", "test", 15_000);
  if (lease === null) throw new Error("the lease is free");
  await releaseLease(harness.db, lease);
  await expect(
    setWarmState(harness.db, { lease, slotId, from: ["ready"], to: "retiring", now: new Date() }),
  ).rejects.toMatchObject({ code: "lease_lost" });
  expect((await only()).state).toBe("ready");
});

test("two provisioners make one slot, not two", async () => {
  const other = { lease: { ...harness.deps.lease, holder: "other" } };
  await Promise.all([turn(), turn(other), turn(), turn(other)]);
  await Promise.all([fill(), fill(other)]);
  expect((await only()).state).toBe("ready");
  expect(harness.world.slots.size).toBe(1);
});

test("a provisioner that dies between any two steps is followed by one that goes on, with no slot left over", async () => {
  const { runtime, agentd } = harness.deps;
  const dying = (name: string, isAfter: boolean): Partial<WarmPoolDeps> => {
    let isDead = false;
    const wrap =
      <Arguments extends unknown[], Result>(own: string, call: (...args: Arguments) => Promise<Result>) =>
      async (...args: Arguments): Promise<Result> => {
        if (isDead || (own === name && !isAfter)) throw new Error("killed");
        const result = await call(...args);
        if (own === name) {
          isDead = true;
          throw new Error("killed");
        }
        return result;
      };
    return {
      runtime: { ...runtime, create: wrap("create", runtime.create), start: wrap("start", runtime.start) },
      agentd: { ...agentd, prepare: wrap("prepare", agentd.prepare) },
    };
  };
  for (const name of ["create", "start", "prepare"])
    for (const isAfter of [false, true]) await turn(dying(name, isAfter));
  await fill();
  expect((await only()).state).toBe("ready");
  expect(harness.world.slots.size).toBe(1);
  // Removal, the same way.
  for (const name of ["stop", "delete"] as const) {
    const broken = { ...runtime, [name]: async () => Promise.reject(new Error("killed")) };
    await turn({ wishes: [], runtime: broken });
  }
  await turn({ wishes: [] });
  expect(harness.world.slots.size).toBe(0);
  expect(await warm()).toEqual([]);
});

test("another image replaces what is ready, and leaves alone what was given away", async () => {
  await fill();
  const old = await only();
  const agentId = await harness.deploy();
  await harness.settle(agentId);
  await fill();
  const outdated = await only();
  await fill({ cell: { ...harness.deps.cell, image: "image-2" } });
  expect(await only()).toMatchObject({ state: "ready", image: "image-2" });
  expect(harness.world.slots.has(outdated.slotId)).toBe(false);
  expect(harness.world.slots.has(old.slotId)).toBe(true);
});

test("a slot of another size or another image is given to nobody who needs more", async () => {
  await fill({ wishes: oneOf("pro") });
  const { slotId } = await only();
  const agentId = await harness.deploy();
  expect((await harness.settle(agentId)).slotId).not.toBe(slotId);
  await fill();
  const fits = await only();
  const other = await harness.deploy();
  await harness.upgrade(other, "image-9");
  expect((await harness.settle(other)).slotId).not.toBe(fits.slotId);
});

test("nothing is made while the pool is paused, and what is there is given away", async () => {
  await fill();
  await harness.db.$transaction((tx) => setWarmPause(tx, { cellId: CELL_ID, pausedAt: new Date() }));
  const { slotId } = await only();
  const agentId = await harness.deploy();
  expect((await harness.settle(agentId)).slotId).toBe(slotId);
  await fill();
  expect(await warm()).toEqual([]);
  await harness.db.$transaction((tx) => setWarmPause(tx, { cellId: CELL_ID, pausedAt: null }));
  await fill();
  expect(await warm()).toHaveLength(1);
});

test("nothing is made beside people who come up, nor on a cordoned node, whose warm slots go", async () => {
  const agentId = await harness.deploy();
  await harness.look(agentId);
  expect((await harness.agent(agentId)).phase).toBe("starting");
  await turn();
  expect(await warm()).toEqual([]);
  await harness.settle(agentId);
  await fill();
  expect(await warm()).toHaveLength(1);
  await harness.db.$transaction((tx) => setCordon(tx, { nodeId: "node-1", reason: "operator", now: new Date() }));
  await fill();
  expect(await warm()).toEqual([]);
});

test("waits at the start gate behind people", async () => {
  const asked: boolean[] = [];
  const startGate = {
    ...harness.deps.startGate,
    tryEnter: ({ isForPerson }: { isForPerson: boolean }) => {
      asked.push(isForPerson);
      return false;
    },
  };
  await fill({ startGate }, 2);
  expect(asked).toEqual([false, false]);
  expect(harness.world.running()).toEqual([]);
});

test("a slot that ended is given to nobody, and is brought back or replaced", async () => {
  await fill();
  const { slotId } = await only();
  harness.pass(1_000);
  harness.world.end(slotId, "crashed");
  await turn();
  expect(await warm()).not.toContainEqual(expect.objectContaining({ state: "ready" }));
  await fill({}, 12);
  expect((await only()).state).toBe("ready");
});

test("one whose gateway never comes up goes, and its node is left alone for a while", async () => {
  harness.world.badImages.add("image-1");
  const pool = poolWith();
  const go = async (times: number) => {
    for (let i = 0; i < times; i += 1) {
      harness.pass(1_000);
      await pool(new AbortController().signal);
    }
  };
  await go(10);
  expect(harness.world.calls.filter((call) => call === "start")).toHaveLength(1);
  expect(await warm()).toEqual([]);
  harness.world.badImages.clear();
  harness.pass(MAKING_LIMIT_MS);
  await go(8);
  expect((await only()).state).toBe("ready");
});

test("a pool that is switched off leaves nothing behind", async () => {
  await fill();
  await turn({ wishes: [] });
  await turn({ wishes: [] });
  expect(await warm()).toEqual([]);
  expect(harness.world.slots.size).toBe(0);
});
