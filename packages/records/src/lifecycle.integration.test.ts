import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import pg from "pg";
import { newId } from "@automna/service-kit/new-id";
import { createPrismaClient } from "@automna/prisma/client";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { advanceAgent, recordAgentFailure } from "./agent-phases.ts";
import { changeDesired, createAgent, findAgent, listAgentEvents } from "./agents.ts";
import type { Database } from "./database.ts";
import { acquireLease, agentLeaseKey, releaseLease, renewLease, type Lease } from "./leases.ts";
import { findModelAccess } from "./model-access.ts";
import { findRoute } from "./routes.ts";
import { endSession, listEndedSessions } from "./sessions.ts";
import { ensureCell, recordNode } from "./nodes.ts";
import { findSlotOfAgent, markSlotStarted, releaseSlot, reserveSlot, type SlotReservation } from "./slots.ts";

// Through the services' own roles: recovery code that only works as superuser has failed peers in production.
let database: TestDatabase;
let api: Database;
let provisioner: Database;
let ingress: pg.Pool;
let egress: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  api = createPrismaClient(database.urlAs("automna_api"), { max: 8 });
  provisioner = createPrismaClient(database.urlAs("automna_provisioner"), { max: 8 });
  ingress = new pg.Pool({ connectionString: database.urlAs("automna_ingress"), max: 2 });
  egress = new pg.Pool({ connectionString: database.urlAs("automna_egress"), max: 2 });
});

afterAll(async () => {
  await Promise.all([api.$disconnect(), provisioner.$disconnect(), ingress.end(), egress.end()]);
  await database.drop();
});

let userId: string;
beforeEach(async () => {
  userId = newId("user");
  await api.user.create({ data: { id: userId, email: `${userId}@example.com`, issuer: "local" } });
});

const wish = () =>
  ({ id: newId("agt"), userId, name: "Ada", personality: "", modelSource: "demo", tier: "local" }) as const;
const now = new Date();

/** What was announced of agents while `work` was done, one after the other. */
async function announced(work: () => Promise<unknown>): Promise<unknown[]> {
  const listener = new pg.Client({ connectionString: database.urlAs("automna_provisioner") });
  await listener.connect();
  const heard: unknown[] = [];
  listener.on("notification", ({ payload = "" }) => heard.push(JSON.parse(payload)));
  try {
    await listener.query("LISTEN agent_changed");
    await work();
    // What was announced before has arrived with the answer.
    await listener.query("SELECT 1");
    return heard;
  } finally {
    await listener.end();
  }
}

test("a change by who holds the agent's lease says so, what others wish does not", async () => {
  const { agent } = await createAgent(api, wish());
  const [agentId, lease] = [agent.id, await leaseFor(agent.id)];
  const move = { lease, agentId, reason: null, backend: null, now };
  const heard = await announced(async () => {
    await advanceAgent(provisioner, { ...move, to: "placing" });
    await changeDesired(api, { agentId, desired: "stopped", isRestart: false, assertPossible: () => undefined });
  });
  expect(heard).toEqual([
    { agentId, userId, by: "worker-1" },
    { agentId, userId },
  ]);
});

async function leaseFor(agentId: string): Promise<Lease> {
  const lease = await acquireLease(provisioner, agentLeaseKey(agentId), "worker-1", 30_000);
  if (lease === null) throw new Error("the lease is taken");
  return lease;
}

/** In a cell with one node, made on first use. */
async function reservation(
  lease: Lease,
  agentId: string,
  ports = { first: 21_000, last: 21_001 },
  cellId = agentId,
): Promise<SlotReservation> {
  await ensureCell(provisioner, { id: cellId, runtime: "process" });
  await recordNode(provisioner, { ...nodeFacts, id: cellId, cellId, ports }, now);
  const bytes = Buffer.from("sealed");
  const keys = { rootKeyEnvelope: bytes, ingressKeyEnvelope: bytes, egressKeyHash: bytes };
  const slot = { id: newId("slt"), volumeMb: 64, image: null, ...keys };
  const wish = { kind: "local", userId: null, memoryMb: 512, workingSetMb: 256, avoid: [] } as const;
  return { lease, agentId, cellId, wish, portRestMs: 60_000, now, slot };
}

const nodeFacts = {
  name: "node",
  address: "127.0.0.1",
  keeperUrl: null,
  memoryMb: null,
  awakeLimit: null,
  ownerId: null,
  isThere: true,
};

describe("agents", () => {
  test("many deploys at once are one agent", async () => {
    const results = await Promise.all(Array.from({ length: 8 }, () => createAgent(api, wish())));
    expect(new Set(results.map(({ agent }) => agent.id)).size).toBe(1);
    expect(results.filter(({ isNew }) => isNew)).toHaveLength(1);
  });

  test("a phase moves with its event, its route and its announcement, or not at all", async () => {
    const { agent } = await createAgent(api, wish());
    const lease = await leaseFor(agent.id);
    const slot = await reserveSlot(provisioner, await reservation(lease, agent.id));
    const backend = { type: "local", host: slot.host, port: slot.port } as const;
    const move = (to: "placing" | "starting" | "ready") =>
      advanceAgent(provisioner, { lease, agentId: agent.id, to, reason: null, backend, now });
    await move("placing");
    await expect(move("ready")).rejects.toMatchObject({ code: "illegal_phase_move" });
    await move("starting");
    expect((await findRoute(ingress, userId))?.backend).toBeNull();
    await move("ready");
    expect(await findRoute(ingress, userId)).toMatchObject({
      phase: "ready",
      backend: { port: slot.port, slotId: slot.id },
    });
    expect(await findModelAccess(egress, slot.id)).toMatchObject({
      agentId: agent.id,
      userId,
      modelSource: "demo",
      keyEnvelope: null,
    });
    const events = await listAgentEvents(api, agent.id, { afterId: null, limit: 10 });
    expect(events.map((event) => event.type)).toEqual([
      "agent.requested",
      "agent.placing",
      "agent.starting",
      "agent.ready",
    ]);
    const later = await listAgentEvents(api, agent.id, { afterId: events[1]?.id ?? 0n, limit: 10 });
    expect(later.map((event) => event.type)).toEqual(["agent.starting", "agent.ready"]);
    // A crash of the slot withdraws the address in the same transaction.
    await recordAgentFailure(provisioner, { lease, agentId: agent.id, reason: "agentd_exited", now });
    expect(await findRoute(ingress, userId)).toMatchObject({ phase: "failing", backend: null });
  });

  test("a restart starts a new generation and forgives earlier failures", async () => {
    const { agent } = await createAgent(api, wish());
    const lease = await leaseFor(agent.id);
    await recordAgentFailure(provisioner, { lease, agentId: agent.id, reason: "no_room", now });
    const changed = await changeDesired(api, {
      agentId: agent.id,
      desired: "running",
      isRestart: true,
      assertPossible: () => undefined,
    });
    expect(changed).toMatchObject({ generation: 2, attempts: 0, retryAt: null, desired: "running" });
  });
});

describe("leases", () => {
  test("have one holder, and a former holder's writes are refused by number", async () => {
    const { agent } = await createAgent(api, wish());
    const key = `agent:${agent.id}`;
    const first = await acquireLease(provisioner, key, "worker-1", 1);
    if (first === null) throw new Error("free lease was refused");
    await new Promise((resolve) => setTimeout(resolve, 20));
    const results = await Promise.all(["b", "c", "d"].map((holder) => acquireLease(provisioner, key, holder, 30_000)));
    const winners = results.filter((lease) => lease !== null);
    expect(winners).toHaveLength(1);
    expect(winners[0]?.fencing).toBeGreaterThan(first.fencing);
    await expect(renewLease(provisioner, first, 1_000)).rejects.toMatchObject({ code: "lease_lost" });
    const stale = advanceAgent(provisioner, {
      lease: first,
      agentId: agent.id,
      to: "placing",
      reason: null,
      backend: null,
      now,
    });
    await expect(stale).rejects.toMatchObject({ code: "lease_lost" });
    expect((await findAgent(api, agent.id))?.phase).toBe("requested");
  });

  test("a released lease is free at once, and its number goes on", async () => {
    const first = await acquireLease(provisioner, `x:${userId}`, "a", 30_000);
    if (first === null) throw new Error("free lease was refused");
    await releaseLease(provisioner, first);
    const other = await acquireLease(provisioner, `y:${userId}`, "b", 30_000);
    const second = await acquireLease(provisioner, `x:${userId}`, "b", 30_000);
    // One count for all: a slot is acted on under the lease of its agent, and of a sweep.
    expect([first, other, second].map((lease) => lease?.fencing)).toEqual(
      [first, other, second].map((lease) => lease?.fencing).toSorted((a, b) => Number((a ?? 0n) - (b ?? 0n))),
    );
    expect(new Set([first.fencing, other?.fencing, second?.fencing]).size).toBe(3);
  });
});

describe("slots", () => {
  test("a second reservation answers the first slot; the port rests after release", async () => {
    const { agent } = await createAgent(api, wish());
    const lease = await leaseFor(agent.id);
    const first = await reserveSlot(provisioner, await reservation(lease, agent.id));
    const again = await reserveSlot(provisioner, await reservation(lease, agent.id));
    expect(again.id).toBe(first.id);
    await markSlotStarted(provisioner, lease, first.id, 1);
    await releaseSlot(provisioner, lease, first.id, now);
    expect(await findSlotOfAgent(provisioner, agent.id)).toBeNull();
    const next = await reserveSlot(provisioner, await reservation(lease, agent.id));
    expect(next.port).not.toBe(first.port);
    await releaseSlot(provisioner, lease, next.id, now);
    await expect(reserveSlot(provisioner, await reservation(lease, agent.id))).rejects.toMatchObject({
      code: "no_room",
    });
    const rested = { ...(await reservation(lease, agent.id)), now: new Date(now.getTime() + 61_000) };
    expect((await reserveSlot(provisioner, rested)).port).toBe(first.port);
  });

  test("agents that reserve at once on one node get different ports", async () => {
    const agents = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const id = newId("user");
        await api.user.create({ data: { id, email: `${id}@example.com`, issuer: "local" } });
        return (await createAgent(api, { ...wish(), userId: id })).agent;
      }),
    );
    const slots = await Promise.all(
      agents.map(async (agent) =>
        reserveSlot(
          provisioner,
          await reservation(await leaseFor(agent.id), agent.id, { first: 22_000, last: 22_005 }, "node-x"),
        ),
      ),
    );
    expect(new Set(slots.map((slot) => slot.port)).size).toBe(6);
  });
});

describe("walls between the services", () => {
  test("ingress can't read a model key, egress can't read a session, neither can write", async () => {
    const denied = /permission denied/;
    await expect(ingress.query("SELECT * FROM model_keys")).rejects.toThrow(denied);
    await expect(ingress.query("SELECT root_key_envelope FROM slots")).rejects.toThrow(denied);
    await expect(ingress.query("UPDATE agents SET host = 'x'")).rejects.toThrow(denied);
    await expect(egress.query("SELECT * FROM sessions")).rejects.toThrow(denied);
    await expect(egress.query("SELECT ingress_key_envelope FROM slots")).rejects.toThrow(denied);
    await expect(egress.query("DELETE FROM model_keys")).rejects.toThrow(denied);
    await expect(provisioner.$queryRaw`SELECT * FROM model_keys`).rejects.toThrow(denied);
    await expect(api.$queryRaw`SELECT * FROM slots`).rejects.toThrow(denied);
  });

  test("an ended session is announced and listed", async () => {
    const id = newId("sess");
    await api.session.create({ data: { id, userId, expiresAt: new Date(Date.now() + 60_000) } });
    const listener = new pg.Client({ connectionString: database.urlAs("automna_ingress") });
    await listener.connect();
    try {
      await listener.query("LISTEN session_ended");
      const heard = new Promise<string | undefined>((resolve) =>
        listener.once("notification", ({ payload }) => resolve(payload)),
      );
      await endSession(api, id, new Date());
      await endSession(api, id, new Date());
      expect(JSON.parse((await heard) ?? "{}")).toEqual({ sessionId: id, userId });
      expect(await listEndedSessions(ingress, 600_000)).toContain(id);
    } finally {
      await listener.end();
    }
  });
});
