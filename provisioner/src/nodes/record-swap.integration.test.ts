import { createPrismaClient, type PrismaClient } from "@automna/prisma/client";
import { ensureCell, findNode, recordNode } from "@automna/records/nodes";
import { makeSilentLog } from "@automna/service-kit/log";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeSwapRecording } from "./record-swap.ts";

let database: TestDatabase;
let db: PrismaClient;
beforeAll(async () => {
  database = await createTestDatabase();
  db = createPrismaClient(database.urlAs("automna_provisioner"), { max: 2 });
});
afterAll(async () => {
  await db.$disconnect();
  await database.drop();
});

const now = new Date("2026-11-23T12:00:00Z");
const addNode = async (id: string, over: { cellId?: string; keeperUrl?: null; isThere?: false } = {}) => {
  const facts = { cellId: "cell", address: "10.0.0.1", keeperUrl: "https://10.0.0.1:7443", memoryMb: 8_000, ...over };
  const ports = { first: 20_000, last: 20_009 };
  await ensureCell(db, { id: facts.cellId, runtime: "swarm" });
  await recordNode(db, { id, name: id, ports, awakeLimit: null, ownerId: null, isThere: true, ...facts }, now);
};
const swapOf = async (id: string) => (await findNode(db, id))?.swapMb;

test("what nodes say of their swap is written down, and stays while one does not answer", async () => {
  const said = new Map([
    ["a", 4_096],
    ["b", 0],
  ]);
  await addNode("a");
  await addNode("b");
  await addNode("without-keeper", { keeperUrl: null });
  await addNode("lost", { isThere: false });
  await addNode("of-another-cell", { cellId: "other" });
  const asked: string[] = [];
  const record = makeSwapRecording({
    db,
    cellId: "cell",
    async readSwapMb(nodeId) {
      asked.push(nodeId);
      const swapMb = said.get(nodeId);
      if (swapMb === undefined) throw new Error("no answer");
      return swapMb;
    },
    log: makeSilentLog(),
  });
  const { signal } = new AbortController();
  expect(await swapOf("a")).toBeNull();
  await record(signal);
  expect([await swapOf("a"), await swapOf("b")]).toEqual([4_096, 0]);
  expect(asked.toSorted()).toEqual(["a", "b"]);
  said.set("b", 2_048);
  said.delete("a");
  await record(signal);
  await record(signal);
  expect([await swapOf("a"), await swapOf("b")]).toEqual([4_096, 2_048]);
});
