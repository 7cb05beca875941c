import { UNTOUCHED_MS } from "@automna/core/placements/choose-wake";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeHarness, type Harness } from "../testing/reconcile-harness.ts";

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

/** An agent that dozes on node-1, and so many others that are ready there. */
const aDozerBeside = async (awake: number) => {
  const dozer = await harness.deploy();
  await harness.settle(dozer);
  await harness.rest(dozer, "doze");
  await harness.look(dozer);
  expect((await harness.agent(dozer)).phase).toBe("dozing");
  const others: string[] = [];
  for (let i = 0; i < awake; i += 1) {
    const agentId = await harness.deploy();
    await harness.settle(agentId);
    others.push(agentId);
    harness.pass(1_000);
  }
  return { dozer, others };
};
const phases = async (agentIds: string[]) =>
  Promise.all(agentIds.map(async (agentId) => (await harness.agent(agentId)).phase));
const reasonOf = async (agentId: string) => (await harness.agent(agentId)).reason;

test("a wake on a full node has the longest idle doze, and then has its place", async () => {
  const { dozer, others } = await aDozerBeside(2);
  await harness.setNode({ awakeLimit: 2 });
  harness.pass(UNTOUCHED_MS);
  await harness.wake(dozer);
  expect(await harness.look(dozer)).toMatchObject({ kind: "wait" });
  expect(await reasonOf(dozer)).toBe("waiting_for_room");
  expect((await harness.agent(dozer)).phase).toBe("dozing");
  for (const agentId of others) await harness.look(agentId);
  expect(await phases(others)).toEqual(["dozing", "ready"]);
  expect(await harness.settle(dozer)).toMatchObject({ phase: "ready", reason: null });
});

test("two that wake at the same time never take the same place", async () => {
  const { dozer } = await aDozerBeside(0);
  const { dozer: other } = await aDozerBeside(0);
  await harness.setNode({ awakeLimit: 1 });
  await Promise.all([harness.wake(dozer), harness.wake(other)]);
  await Promise.all([harness.look(dozer), harness.look(other)]);
  await Promise.all([harness.look(dozer), harness.look(other)]);
  expect((await phases([dozer, other])).toSorted()).toEqual(["dozing", "ready"]);
});

test("nobody who was needed lately is frozen: the agent moves, with its reason, where another node has room", async () => {
  const { dozer, others } = await aDozerBeside(1);
  await harness.setNode({ awakeLimit: 1 });
  await harness.setNode({ id: "node-2", name: "node-2", ports: { first: 6_000, last: 6_009 } });
  await harness.wake(dozer);
  const before = harness.world.slots.get((await harness.agent(dozer)).slotId ?? "")?.volume;
  await harness.look(dozer);
  const events = await harness.db.agentEvent.findMany({ where: { agentId: dozer, type: "agent.moving" } });
  expect(events.map(({ data }) => data)).toMatchObject([{ reason: "moving_for_room" }]);
  const moved = await harness.settle(dozer);
  const slot = await harness.db.slot.findUniqueOrThrow({ where: { id: moved.slotId ?? "" } });
  expect([moved.phase, slot.nodeId]).toEqual(["ready", "node-2"]);
  expect(harness.world.slots.get(slot.id)?.volume).toBe(before);
  expect(await phases(others)).toEqual(["ready"]);
});

test("else it says that it waits, once, and gets up when there is room", async () => {
  const { dozer, others } = await aDozerBeside(1);
  await harness.setNode({ awakeLimit: 1 });
  await harness.wake(dozer);
  for (let i = 0; i < 3; i += 1) expect(await harness.look(dozer)).toMatchObject({ kind: "wait" });
  const said = { agentId: dozer, type: "agent.waiting_for_room" };
  expect(await harness.db.agentEvent.count({ where: said })).toBe(1);
  await harness.wish(others[0] ?? "", "stopped");
  await harness.settle(others[0] ?? "");
  expect(await harness.settle(dozer)).toMatchObject({ phase: "ready", reason: null });
});

test("a neighbour that somebody needs again is left awake, whoever chose it", async () => {
  const { dozer, others } = await aDozerBeside(1);
  const [neighbour = ""] = others;
  await harness.setNode({ awakeLimit: 1 });
  harness.pass(UNTOUCHED_MS);
  await harness.wake(dozer);
  await harness.wake(neighbour);
  await harness.look(dozer);
  await harness.look(neighbour);
  expect(await phases([dozer, neighbour])).toEqual(["dozing", "ready"]);
});

test("one that sleeps waits for its place too, and a worker that dies in between is followed by one that goes on", async () => {
  const { dozer: sleeper, others } = await aDozerBeside(1);
  await harness.rest(sleeper, "sleep");
  await harness.settle(sleeper);
  expect((await harness.agent(sleeper)).phase).toBe("asleep");
  await harness.setNode({ awakeLimit: 1 });
  await harness.wake(sleeper);
  const seekRoom = harness.deps.executors.seekRoom;
  const dying = {
    ...harness.deps.executors,
    seekRoom: async (...args: Parameters<typeof seekRoom>) => {
      await seekRoom(...args);
      throw Object.assign(new Error("killed"), { name: "PrismaClientKnownRequestError", code: "P1001" });
    },
  };
  await expect(harness.look(sleeper, { executors: dying })).rejects.toThrow("killed");
  expect(await harness.look(sleeper)).toMatchObject({ kind: "wait" });
  expect(await reasonOf(sleeper)).toBe("waiting_for_room");
  await harness.wish(others[0] ?? "", "deleted");
  await harness.settle(others[0] ?? "");
  await expect(harness.look(sleeper, { executors: dying })).rejects.toThrow("killed");
  expect(await harness.settle(sleeper)).toMatchObject({ phase: "ready" });
});
