import { FORGET_AFTER_MS } from "@automna/core/agents/retry-policy";
import { KEEP_OLD_COPY_MS } from "@automna/core/agents/sleep-policy";
import { AppError } from "@automna/core/shared/app-error";
import { acquireLease, renewLease, type Lease } from "@automna/records/leases";
import { findSlotOfAgent } from "@automna/records/slots";
import { unseal } from "@automna/service-kit/secret-box";
import { deriveSlotKey, egressKeyHash } from "@automna/service-kit/slot-keys";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeHarness, type Harness } from "../testing/reconcile-harness.ts";
import { openRootKey } from "./slot-secrets.ts";
import { makeStartGate } from "./start-gate.ts";
import { stepExecutors } from "./step-executors.ts";

let database: TestDatabase;
let harness: Harness;
beforeEach(async () => {
  database = await createTestDatabase();
  harness = makeHarness(database);
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
  await database.drop();
});

const eventTypes = async (agentId: string) =>
  (await harness.db.agentEvent.findMany({ where: { agentId }, orderBy: { id: "asc" } })).map((event) => event.type);

describe("a life", () => {
  test("goes from the wish to an answering agent with its route, and tells every stage", async () => {
    const agentId = await harness.deploy();
    const agent = await harness.settle(agentId);
    expect(agent).toMatchObject({
      phase: "ready",
      stage: "ready",
      backendType: "local",
      host: "127.0.0.1",
      port: 5_000,
      attempts: 0,
    });
    expect(harness.world.calls).toEqual(["create", "start", "claim"]);
    const phases = (await eventTypes(agentId)).filter((type) => !type.includes("stage"));
    expect(phases).toEqual(["agent.requested", "agent.placing", "agent.creating", "agent.starting", "agent.ready"]);
  });

  test("stops without a route, starts on the same volume, restarts, and is deleted without a trace", async () => {
    const agentId = await harness.deploy();
    await harness.settle(agentId);
    const [volume] = [...harness.world.slots.values()].map((slot) => slot.volume);
    await harness.wish(agentId, "stopped");
    expect(await harness.settle(agentId)).toMatchObject({ phase: "asleep", host: null, port: null });
    await harness.wish(agentId, "running");
    expect(await harness.settle(agentId)).toMatchObject({ phase: "ready" });
    const starts = () => harness.world.calls.filter((call) => call === "start").length;
    const before = starts();
    await harness.wish(agentId, "running", true);
    expect(await harness.settle(agentId)).toMatchObject({ phase: "ready" });
    expect(starts()).toBe(before + 1);
    expect([...harness.world.slots.values()].map((slot) => slot.volume)).toEqual([volume]);
    await harness.wish(agentId, "deleted");
    expect(await harness.settle(agentId)).toMatchObject({ phase: "deleted", slotId: null });
    expect([harness.world.slots.size, await harness.liveSlots()]).toEqual([0, []]);
  });

  test("a new name reaches a running agent by a claim, without a start", async () => {
    const agentId = await harness.deploy();
    await harness.settle(agentId);
    harness.world.calls.length = 0;
    await harness.db.agent.update({ where: { id: agentId }, data: { name: "Grace" } });
    await harness.settle(agentId);
    expect(harness.world.calls).toEqual(["claim"]);
  });
});

describe("a longer life", () => {
  const ready = async () => {
    const agentId = await harness.deploy();
    await harness.settle(agentId);
    const [slotId = ""] = harness.world.slots.keys();
    harness.world.calls.length = 0;
    return { agentId, slotId, volume: harness.world.slots.get(slotId)?.volume };
  };

  test("dozes without a route, and one request wakes it without a start", async () => {
    const { agentId } = await ready();
    await harness.rest(agentId, "doze");
    expect(await harness.settle(agentId)).toMatchObject({ phase: "dozing", port: null });
    await harness.look(agentId);
    await harness.wake(agentId);
    expect(await harness.settle(agentId)).toMatchObject({ phase: "ready", port: 5_000 });
    expect(harness.world.calls).toEqual(["doze", "wake"]);
  });

  test("a request that comes while it is being put to rest wins, whichever is written first", async () => {
    const { agentId } = await ready();
    await harness.rest(agentId, "doze");
    await harness.wake(agentId);
    expect(await harness.settle(agentId)).toMatchObject({ phase: "ready" });
    expect(harness.world.calls).toEqual([]);
    // Decided on what was known before the request.
    expect(await harness.rest(agentId, "doze", 0)).toBe(false);
  });

  test("sleeps by the platform's wish with a reason of its own, and wakes on a request", async () => {
    const { agentId } = await ready();
    await harness.rest(agentId, "sleep");
    expect(await harness.settle(agentId)).toMatchObject({ phase: "asleep", reason: "resting", desired: "running" });
    await harness.wake(agentId);
    expect(await harness.settle(agentId)).toMatchObject({ phase: "ready" });
  });

  test("gets its tier's memory at the restart that comes with it, on the same volume", async () => {
    const { agentId, slotId, volume } = await ready();
    await harness.setTier(agentId, "pro");
    await harness.settle(agentId);
    expect(harness.world.calls).toEqual(["stop", "resize", "start", "claim"]);
    expect(harness.world.slots.get(slotId)).toMatchObject({ memoryMb: 4_096, volume });
  });

  test("moves with its volume, keeps the old copy for a day, and then only the new one is left", async () => {
    const { agentId, slotId, volume } = await ready();
    await harness.move(agentId);
    const moved = await harness.settle(agentId);
    expect(moved).toMatchObject({ phase: "ready", nextSlotId: null, moveWishedAt: null, port: 5_001 });
    expect(moved.slotId).not.toBe(slotId);
    expect([...harness.world.slots.values()].map((slot) => slot.volume)).toEqual([volume, volume]);
    expect((await harness.liveSlots()).length).toBe(2);
    harness.pass(KEEP_OLD_COPY_MS);
    await harness.look(agentId);
    expect([...harness.world.slots.keys()]).toEqual([moved.slotId]);
    expect(await harness.liveSlots()).toEqual([moved.slotId]);
  });

  test("a move without room takes nobody out of service, and says why", async () => {
    await harness.setNode({ ports: { first: 5_000, last: 5_000 } });
    const { agentId, slotId } = await ready();
    await harness.move(agentId);
    expect(await harness.settle(agentId)).toMatchObject({ phase: "ready", slotId, attempts: 0, moveWishedAt: null });
    expect(harness.world.calls).toEqual([]);
    const said = await harness.db.agentEvent.findMany({ where: { agentId, type: "agent.move_abandoned" } });
    expect(said[0]?.data).toMatchObject({ reason: "no_room", detail: expect.stringContaining("no free port") });
  });

  test("an upgrade that fails brings back image and data together", async () => {
    const { agentId, slotId, volume } = await ready();
    harness.world.badImages.add("image-bad");
    await harness.upgrade(agentId, "image-bad");
    for (let i = 0; i < 4; i += 1) await harness.look(agentId);
    expect(await harness.settle(agentId)).toMatchObject({
      phase: "ready",
      wishedImage: null,
      failedImage: "image-bad",
    });
    expect(harness.world.calls).toContain("restoreSnapshot");
    expect(harness.world.slots.get(slotId)).toMatchObject({ volume, run: { image: "image-1" } });
    await harness.upgrade(agentId, "image-2");
    expect(await harness.settle(agentId)).toMatchObject({ phase: "ready", wishedImage: null });
    expect(harness.world.slots.get(slotId)).toMatchObject({ volume, run: { image: "image-2" } });
  });

  test("crashes start it without its owner's additions, and a restart brings them back", async () => {
    const { agentId, slotId } = await ready();
    for (let i = 0; i < 3; i += 1) {
      harness.world.end(slotId, "crashed");
      await harness.settle(agentId);
    }
    expect(await harness.agent(agentId)).toMatchObject({ phase: "ready", isSafeMode: true, reason: "safe_mode" });
    expect(harness.world.slots.get(slotId)?.claim).toMatchObject({ isSafeMode: true });
    await harness.wish(agentId, "running", true);
    expect(await harness.settle(agentId)).toMatchObject({ phase: "ready", isSafeMode: false, reason: null });
    expect(harness.world.slots.get(slotId)?.claim?.isSafeMode).toBeUndefined();
  });
});

describe("a slot's keys", () => {
  test("are sealed for the provisioner and for ingress apart, and egress gets a fingerprint", async () => {
    const agentId = await harness.deploy();
    await harness.settle(agentId);
    const slot = await findSlotOfAgent(harness.db, agentId);
    if (slot === null) throw new Error("no slot");
    const root = openRootKey(harness.rings, slot);
    const derive = (purpose: "ingress" | "proof" | "egress") => deriveSlotKey(root, purpose, slot.id, 1);
    const opened = unseal(harness.rings.ingress, slot.ingressKeyEnvelope, {
      owner: slot.id,
      kind: "slot_ingress_keys",
    }).toString();
    expect(JSON.parse(opened)).toEqual({ ingress: derive("ingress"), proof: derive("proof") });
    expect(Buffer.from(slot.egressKeyHash)).toEqual(egressKeyHash(derive("egress")));
    expect(() =>
      unseal(harness.rings.ingress, slot.rootKeyEnvelope, { owner: slot.id, kind: "slot_root_key" }),
    ).toThrow(expect.objectContaining({ code: "envelope_unreadable" }));
  });
});

describe("trouble", () => {
  test("a failed step is recorded, tried again after a pause, and forgotten when the agent stays well", async () => {
    const agentId = await harness.deploy();
    let failures = 2;
    const runtime = {
      ...harness.world.runtime,
      start: async (...args: Parameters<typeof harness.world.runtime.start>) => {
        if (failures-- > 0) throw new Error("disk on fire");
        await harness.world.runtime.start(...args);
      },
    };
    expect(await harness.look(agentId, { runtime })).toMatchObject({ kind: "wait" });
    expect(await harness.agent(agentId)).toMatchObject({ phase: "failing", reason: "step_failed", attempts: 1 });
    for (let i = 0; i < 3; i += 1) {
      harness.pass(20_000);
      await harness.look(agentId, { runtime });
    }
    expect(await harness.settle(agentId)).toMatchObject({ phase: "ready", attempts: 2 });
    harness.pass(6 * 60_000);
    await harness.look(agentId);
    expect(await harness.agent(agentId)).toMatchObject({ attempts: 0 });
  });

  test("an agent that can't be started parks, says why, and can be deleted", async () => {
    const agentId = await harness.deploy();
    const runtime = { ...harness.world.runtime, start: async () => Promise.reject(new Error("never")) };
    for (let i = 0; i < 12; i += 1) {
      await harness.look(agentId, { runtime });
      harness.pass(130_000);
    }
    expect(await harness.agent(agentId)).toMatchObject({
      phase: "failed",
      reason: "step_failed",
      attempts: 6,
      host: null,
    });
    await harness.wish(agentId, "deleted");
    expect(await harness.settle(agentId)).toMatchObject({ phase: "deleted" });
  });

  test("a full node is said, and waited for", async () => {
    await harness.setNode({ ports: { first: 5_000, last: 5_000 } });
    const [first, second] = [await harness.deploy(), await harness.deploy()];
    await harness.look(first);
    for (let i = 0; i < 10; i += 1) {
      await harness.look(second);
      harness.pass(130_000);
    }
    expect(await harness.agent(second)).toMatchObject({ phase: "failing", reason: "no_room" });
    const said = await harness.db.agentEvent.findMany({ where: { agentId: second, type: "agent.failing" } });
    expect(said[0]?.data).toMatchObject({ detail: "no node takes the slot: node-1 has no free port" });
    await harness.wish(first, "deleted");
    await harness.settle(first);
    harness.pass(130_000);
    await harness.look(second);
    expect(await harness.agent(second)).toMatchObject({ phase: "starting" });
  });

  test("a port that a stranger holds is passed over", async () => {
    const cell = { ...harness.deps.cell, canUsePort: async (_host: string, port: number) => port !== 5_000 };
    const agentId = await harness.deploy();
    await harness.look(agentId, { cell });
    expect(await findSlotOfAgent(harness.db, agentId)).toMatchObject({ port: 5_001 });
  });

  test("a slot that could not be looked at is neither replaced nor taken out of service", async () => {
    const agentId = await harness.deploy();
    await harness.settle(agentId);
    harness.world.calls.length = 0;
    const runtime = { ...harness.world.runtime, observe: async () => Promise.reject(new Error("no answer")) };
    expect(await harness.look(agentId, { runtime })).toMatchObject({ kind: "wait" });
    expect(await harness.agent(agentId)).toMatchObject({ phase: "ready", port: 5_000 });
    expect(harness.world.calls).toEqual([]);
  });

  test("a delete whose step fails is tried until it works", async () => {
    const agentId = await harness.deploy();
    await harness.settle(agentId);
    await harness.wish(agentId, "deleted");
    const runtime = {
      ...harness.world.runtime,
      delete: async () => Promise.reject(new AppError("busy", "transient", "busy")),
    };
    for (let i = 0; i < 8; i += 1) expect(await harness.look(agentId, { runtime })).toMatchObject({ kind: "wait" });
    expect(await harness.agent(agentId)).toMatchObject({ phase: "deleting" });
    expect(await harness.settle(agentId)).toMatchObject({ phase: "deleted" });
  });

  test("a clean stop behind our back, as at the machine's shutdown, starts again without counting as a failure", async () => {
    const agentId = await harness.deploy();
    await harness.settle(agentId);
    const [slotId = ""] = harness.world.slots.keys();
    harness.world.end(slotId, "clean");
    expect(await harness.settle(agentId)).toMatchObject({ phase: "ready", attempts: 0 });
    harness.world.end(slotId, "out_of_memory");
    await harness.look(agentId);
    expect(await harness.agent(agentId)).toMatchObject({
      phase: "failing",
      reason: "out_of_memory",
      attempts: 1,
      port: null,
    });
    expect(await harness.settle(agentId)).toMatchObject({ phase: "ready" });
  });
});

test("many starts at once go through the gate one after the other, and all come up", async () => {
  const startGate = makeStartGate({ capacity: 20, clock: harness.now });
  const agentIds = [await harness.deploy(), await harness.deploy(), await harness.deploy()];
  let most = 0;
  for (let i = 0; i < 40; i += 1) {
    for (const agentId of agentIds) await harness.look(agentId, { startGate });
    const booting = [...harness.world.slots.values()].filter(({ run }) => run !== null && run.gateway !== "ready");
    most = Math.max(most, booting.length);
    harness.pass(500);
  }
  for (const agentId of agentIds) expect((await harness.agent(agentId)).phase).toBe("ready");
  expect(most).toBe(1);
});

describe("the lease", () => {
  test("keeps a second worker away, and is given back", async () => {
    const agentId = await harness.deploy();
    const other = await acquireLease(harness.db, `agent:${agentId}`, "other", 60_000);
    expect(other).not.toBeNull();
    expect(await harness.look(agentId)).toEqual({ kind: "busy" });
    await harness.db.$executeRaw`UPDATE leases SET expires_at = '-infinity'`;
    expect((await harness.look(agentId)).kind).toBe("wait");
    // One that could not be given back is its last holder's to take, under a new number.
    const kept = await acquireLease(harness.db, `agent:${agentId}`, "test", 60_000);
    expect((await harness.look(agentId)).kind).toBe("wait");
    await expect(renewLease(harness.db, kept as Lease, 60_000)).rejects.toMatchObject({ code: "lease_lost" });
    expect(await acquireLease(harness.db, `agent:${agentId}`, "other", 60_000)).not.toBeNull();
  });

  test("is renewed during long work, and its loss ends the work before it can write anything", async () => {
    const agentId = await harness.deploy();
    await harness.look(agentId);
    await harness.wish(agentId, "stopped");
    const lease = { ...harness.deps.lease, ttlMs: 600, renewMs: 150 };
    let sawAbort = false;
    const slowStop = (ms: number) => ({
      ...harness.world.runtime,
      stop: (slotId: string, call: { signal: AbortSignal; fencing: bigint }) =>
        new Promise<void>((resolve, reject) => {
          const timer = setTimeout(() => void harness.world.runtime.stop(slotId, call).then(resolve, reject), ms);
          call.signal.addEventListener("abort", () => {
            sawAbort = true;
            clearTimeout(timer);
            reject(call.signal.reason as Error);
          });
        }),
    });
    const looking = harness.look(agentId, { lease, runtime: slowStop(1_500) });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await acquireLease(harness.db, `agent:${agentId}`, "other", 60_000)).toBeNull();
    // Somebody takes it all the same: an operator, or a clock that jumped.
    await harness.db.$executeRaw`UPDATE leases SET holder = 'other', fencing = fencing + 1`;
    expect(await looking).toEqual({ kind: "busy" });
    expect(sawAbort).toBe(true);
    expect(await harness.agent(agentId)).toMatchObject({ phase: "stopping" });
  });

  test("two workers at once make one slot", async () => {
    const agentId = await harness.deploy();
    for (let i = 0; i < 20; i += 1) {
      await Promise.all(
        ["one", "two", "three"].map((holder) => harness.look(agentId, { lease: { ...harness.deps.lease, holder } })),
      );
      harness.pass(1_000);
    }
    expect(await harness.settle(agentId)).toMatchObject({ phase: "ready" });
    expect([harness.world.slots.size, (await harness.liveSlots()).length]).toEqual([1, 1]);
  });
});

describe("killed at any point", () => {
  class Kill extends Error {}
  /** Throws at points, and from the first time on at every one, as a process that is gone. */
  const makeReaper = (random: () => number) => {
    let isDead = false;
    const kills = new Map<string, number>();
    return {
      kills,
      revive: () => (isDead = false),
      isDead: () => isDead,
      point(name: string, likelihood: number) {
        if (!isDead && random() >= likelihood) return;
        if (!isDead) kills.set(name, (kills.get(name) ?? 0) + 1);
        isDead = true;
        throw new Kill(name);
      },
    };
  };
  const mortal = <Part extends object>(
    part: Part,
    reaper: ReturnType<typeof makeReaper>,
    likelihood: number | ((point: string) => number),
  ): Part =>
    new Proxy(part, {
      get(target, name) {
        const call = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
        return async (...args: unknown[]) => {
          const point = (side: string) => {
            const at = `${side} ${String(name)}`;
            reaper.point(at, typeof likelihood === "number" ? likelihood : likelihood(at));
          };
          point("before");
          const result = await call(...args);
          point("after");
          return result;
        };
      },
    });

  test("converges to exactly one slot with its first volume, and to none after the delete, whatever it was doing", async () => {
    await harness.setNode({ ports: { first: 5_000, last: 5_099 } });
    const killed = new Set<string>();
    harness.world.badImages.add("image-bad");
    for (let seed = 1; seed <= 60 && (seed <= 10 || listNeverKilled(killed).length > 0); seed += 1) {
      const random = makeRandom(seed);
      const reaper = makeReaper(random);
      // Ever more of what has not been killed yet.
      const dead = {
        runtime: mortal(harness.world.runtime, reaper, 0.05),
        agentd: mortal(harness.world.agentd, reaper, 0.05),
        executors: mortal(stepExecutors, reaper, (name) => (killed.has(name) ? 0.04 : 0.5)),
      };
      // A node that counts who is awake: only there is room asked for.
      await harness.setNode({ awakeLimit: 9 });
      const agentId = await harness.deploy();
      const wishes = [
        () => harness.wish(agentId, "stopped"),
        () => harness.wish(agentId, "running"),
        () => harness.wish(agentId, "running", true),
        () => harness.rest(agentId, "doze"),
        () => harness.rest(agentId, "sleep"),
        () => harness.wake(agentId),
        () => harness.move(agentId),
        () => harness.upgrade(agentId, random() < 0.5 ? "image-2" : "image-bad"),
        () => harness.setTier(agentId, random() < 0.5 ? "pro" : "starter"),
        async () => harness.pass(KEEP_OLD_COPY_MS),
        async () => harness.world.end((await harness.agent(agentId)).slotId ?? "", "crashed"),
      ];
      const stormy = async (rounds: number, isWishing: boolean) => {
        for (let round = 0; round < rounds; round += 1) {
          reaper.revive();
          const outcome = await harness.look(agentId, dead).catch(() => ({ kind: "busy" }) as const);
          await harness.db.$executeRaw`UPDATE leases SET expires_at = '-infinity'`;
          harness.pass(outcome.kind === "wait" ? Math.max(0, outcome.untilMs - harness.now()) : 500);
          if (isWishing && random() < 0.3) await wishes[Math.floor(random() * wishes.length)]?.();
          expect(harness.world.running().length, `seed ${seed}: running slots`).toBeLessThanOrEqual(1);
        }
      };
      await stormy(4, false);
      await harness.settle(agentId);
      const volumes = new Set([...harness.world.slots.values()].map((slot) => slot.volume));
      await stormy(40, true);
      await harness.wish(agentId, "running");
      expect(await harness.settle(agentId), `seed ${seed}`).toMatchObject({ phase: "ready" });
      // Once more down and well again, until that is forgotten: a storm alone rarely lasts so long.
      harness.world.end((await harness.agent(agentId)).slotId ?? "", "crashed");
      await harness.settle(agentId);
      harness.pass(FORGET_AFTER_MS + 1_000);
      await stormy(3, false);
      await harness.settle(agentId);
      harness.pass(KEEP_OLD_COPY_MS);
      for (let i = 0; i < 5; i += 1) await harness.look(agentId);
      await harness.settle(agentId);
      expect(await harness.liveSlots(), `seed ${seed}`).toEqual([...harness.world.slots.keys()]);
      expect(harness.world.slots.size, `seed ${seed}`).toBe(1);
      expect(new Set([...harness.world.slots.values()].map((slot) => slot.volume)), `seed ${seed}`).toEqual(volumes);
      await harness.wish(agentId, "deleted");
      await stormy(4, false);
      await harness.wish(agentId, "deleted");
      expect(await harness.settle(agentId), `seed ${seed}`).toMatchObject({ phase: "deleted" });
      expect([harness.world.slots.size, await harness.liveSlots()], `seed ${seed}`).toEqual([0, []]);
      for (const name of reaper.kills.keys()) killed.add(name);
      harness.pass(120_000);
    }
    // Every step that has an executor was killed on either side of it.
    expect(listNeverKilled(killed)).toEqual([]);
  }, 240_000);

  function listNeverKilled(killed: ReadonlySet<string>): string[] {
    // Waiting does nothing: there is nothing to be cut short.
    const steps = Object.keys(stepExecutors).filter((step) => step !== "wait");
    return steps.flatMap((step) => [`before ${step}`, `after ${step}`]).filter((name) => !killed.has(name));
  }

  function makeRandom(seed: number): () => number {
    // mulberry32
    let state = seed;
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    };
  }
});
