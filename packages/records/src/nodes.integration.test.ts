import { createPrismaClient, type PrismaClient } from "@automna/prisma/client";
import { newId } from "@automna/service-kit/new-id";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createAgent } from "./agents.ts";
import {
  ensureCell,
  findNode,
  forgetNodeFailures,
  recordMissingNodes,
  recordNode,
  recordNodeFailure,
  recordNodeSwap,
  setCordon,
  type NodeFacts,
} from "./nodes.ts";
import { placeSlot, type SlotPlacement } from "./placements.ts";

let database: TestDatabase;
let db: PrismaClient;
let api: PrismaClient;
beforeAll(async () => {
  database = await createTestDatabase();
  db = createPrismaClient(database.urlAs("automna_provisioner"), { max: 8 });
  api = createPrismaClient(database.urlAs("automna_api"), { max: 2 });
});
afterAll(async () => {
  await Promise.all([db.$disconnect(), api.$disconnect()]);
  await database.drop();
});

const now = new Date("2026-11-23T12:00:00Z");
const later = (ms: number) => new Date(now.getTime() + ms);
let cellId: string;
beforeEach(async () => {
  cellId = newId("slt");
  await ensureCell(db, { id: cellId, runtime: "swarm" });
});

const facts = (name: string, over: Partial<NodeFacts> = {}): NodeFacts => ({
  id: `${cellId}-${name}`,
  cellId,
  name,
  address: `10.0.0.${name.length}`,
  keeperUrl: "https://10.0.0.1:7443",
  ports: { first: 20_000, last: 20_099 },
  memoryMb: 8_000,
  awakeLimit: 10,
  ownerId: null,
  isThere: true,
  ...over,
});
const placement = (over: Partial<SlotPlacement["wish"]> = {}): SlotPlacement => {
  const sealed = Buffer.from("sealed");
  const keys = { rootKeyEnvelope: sealed, ingressKeyEnvelope: sealed, egressKeyHash: sealed };
  return {
    cellId,
    wish: { kind: "shared", userId: null, memoryMb: 2_560, workingSetMb: 1_000, avoid: [], ...over },
    portRestMs: 60_000,
    now,
    slot: { id: newId("slt"), volumeMb: 1_024, image: null, ...keys },
  };
};
/** An agent of a new customer that dozes there. */
async function addDozing(slotId: string): Promise<void> {
  const userId = newId("user");
  await api.user.create({ data: { id: userId, email: `${userId}@example.test`, issuer: "test" } });
  const wish = {
    id: newId("agt"),
    userId,
    name: "Ada",
    personality: "",
    modelSource: "demo",
    tier: "starter",
  } as const;
  const { agent } = await createAgent(api, wish);
  await db.agent.update({ where: { id: agent.id }, data: { phase: "dozing", slotId } });
}
const place = (over: Partial<SlotPlacement["wish"]> = {}) => db.$transaction((tx) => placeSlot(tx, placement(over)));

describe("records of nodes", () => {
  test("follow what the cell says, and keep what operators decided", async () => {
    const first = await recordNode(db, facts("a"), now);
    expect(first).toMatchObject({ change: "none", node: { address: "10.0.0.1", lostSince: null } });
    await api.$transaction((tx) => setCordon(tx, { nodeId: first.node.id, reason: "operator", now }));
    const again = await recordNode(db, facts("a", { address: "10.0.0.9" }), later(1));
    expect(again).toMatchObject({ change: "none", node: { address: "10.0.0.9", cordonReason: "operator" } });
  });

  test("say once that a node is lost, since when, and once that it is back", async () => {
    await recordNode(db, facts("a"), now);
    expect((await recordNode(db, facts("a", { isThere: false }), later(1))).change).toBe("lost");
    const still = await recordNode(db, facts("a", { isThere: false }), later(2));
    expect(still).toMatchObject({ change: "none", node: { lostSince: later(1) } });
    expect(await recordNode(db, facts("a"), later(3))).toMatchObject({ change: "back", node: { lostSince: null } });
  });

  test("a node that its cell no longer lists is lost, nodes of other cells are not", async () => {
    const other = newId("slt");
    await ensureCell(db, { id: other, runtime: "swarm" });
    await recordNode(db, { ...facts("x"), id: `${other}-x`, cellId: other }, now);
    const { node } = await recordNode(db, facts("a"), now);
    await recordNode(db, facts("b"), now);
    const missing = () => recordMissingNodes(db, { cellId, listed: [`${cellId}-b`], now });
    expect(await missing()).toEqual([node.id]);
    expect(await missing()).toEqual([]);
    expect((await findNode(db, `${other}-x`))?.lostSince).toBeNull();
  });

  test("api may cordon and drain, and change nothing else of a node", async () => {
    const { node } = await recordNode(db, facts("a"), now);
    const denied = /permission denied|denied access/;
    await expect(api.node.update({ where: { id: node.id }, data: { address: "10.6.6.6" } })).rejects.toThrow(denied);
    await expect(api.$executeRaw`UPDATE nodes SET owner_id = NULL`).rejects.toThrow(denied);
    await expect(api.$queryRaw`SELECT root_key_envelope FROM slots`).rejects.toThrow(denied);
    await expect(api.$queryRaw`SELECT id, node_id, memory_mb FROM slots`).resolves.toEqual(expect.any(Array));
  });
});

describe("a node that keeps failing", () => {
  const fail = (nodeId: string, slotId: string, ms = 0) =>
    recordNodeFailure(db, { nodeId, slotId, reason: "slot_rejected", now: later(ms) });

  test("is cordoned once, by the third slot, and that is audited", async () => {
    const { node } = await recordNode(db, facts("a"), now);
    expect(await fail(node.id, "slt_1")).toBe(false);
    expect(await fail(node.id, "slt_1", 1)).toBe(false);
    expect(await fail(node.id, "slt_2", 2)).toBe(false);
    expect(await fail(node.id, "slt_3", 3)).toBe(true);
    expect(await fail(node.id, "slt_4", 4)).toBe(false);
    expect(await findNode(db, node.id)).toMatchObject({ cordonReason: "keeps_failing", cordonedAt: later(3) });
    const audited = await api.$queryRaw`SELECT 1 AS one FROM node_failures WHERE node_id = ${node.id}`;
    expect(audited).toHaveLength(4);
    await expect(place()).rejects.toMatchObject({ code: "no_room", message: expect.stringContaining("is cordoned") });
  });

  test("starts anew when a slot has come up there; an agent's own failures never count", async () => {
    const { node } = await recordNode(db, facts("a"), now);
    await fail(node.id, "slt_1");
    await fail(node.id, "slt_2");
    await forgetNodeFailures(db, node.id);
    expect(await fail(node.id, "slt_3")).toBe(false);
    for (const slotId of ["slt_5", "slt_6", "slt_7"])
      await recordNodeFailure(db, { nodeId: node.id, slotId, reason: "out_of_memory", now });
    expect((await findNode(db, node.id))?.cordonedAt).toBeNull();
  });
});

describe("placement", () => {
  test("counts an agent that dozes with all its memory where the node has no swap for it", async () => {
    const { node } = await recordNode(db, facts("a"), now);
    const nodeId = node.id;
    // 7,200 MB may be promised: seven of 1,000 that are awake, and seven more once those doze in swap.
    const slots = await Promise.all(Array.from({ length: 7 }, () => place()));
    await Promise.all(slots.map(({ id }) => addDozing(id)));
    await recordNodeSwap(db, { nodeId, swapMb: 0 });
    await expect(place()).rejects.toMatchObject({
      code: "no_room",
      message: expect.stringContaining("has 200 MB left"),
    });
    // 420 MB are kept by seven that doze; what they gave away has to fit.
    await recordNodeSwap(db, { nodeId, swapMb: 1_800 });
    await expect(place()).resolves.toMatchObject({ nodeId });
    await recordNode(db, facts("a"), later(1));
    expect(await findNode(db, nodeId)).toMatchObject({ swapMb: 1_800 });
  });

  test("of many at once spreads them, counts their memory once each, and gives no port twice", async () => {
    for (const name of ["a", "bb"]) await recordNode(db, facts(name), now);
    // Each node promises 7,200 MB: seven slots of 1,000.
    const placed = await Promise.allSettled(Array.from({ length: 16 }, () => place()));
    const slots = placed.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    expect(slots).toHaveLength(14);
    for (const name of ["a", "bb"]) expect(slots.filter(({ nodeId }) => nodeId.endsWith(`-${name}`))).toHaveLength(7);
    expect(new Set(slots.map(({ nodeId, port }) => `${nodeId}:${port}`)).size).toBe(14);
    expect(slots[0]).toMatchObject({ memoryMb: 2_560, workingSetMb: 1_000, volumeMb: 1_024 });
    const refused = placed.find((result) => result.status === "rejected");
    expect(refused?.reason).toMatchObject({ code: "no_room", kind: "transient" });
  });

  test("goes to the address of the chosen node, and not where it must not", async () => {
    await recordNode(db, facts("a"), now);
    const owner = newId("user");
    const admin = createPrismaClient(database.url, { max: 1 });
    await admin.user.create({ data: { id: owner, email: `${owner}@example.test`, issuer: "test" } });
    await admin.$disconnect();
    await recordNode(db, facts("bb", { ownerId: owner }), now);
    expect(await place()).toMatchObject({ nodeId: `${cellId}-a`, host: "10.0.0.1" });
    expect(await place({ kind: "dedicated", userId: owner })).toMatchObject({
      nodeId: `${cellId}-bb`,
      host: "10.0.0.2",
    });
    await expect(place({ avoid: [`${cellId}-a`] })).rejects.toMatchObject({ code: "no_room" });
  });
});
