import { createPrismaClient } from "@automna/prisma/client";
import type { Database } from "@automna/records/database";
import { apiKeyScopes } from "@automna/core/api-keys/api-key-state";
import { makeApiKey, type NewApiKey } from "@automna/service-kit/api-key";
import { newId } from "@automna/service-kit/new-id";
import { newKeyRingJson, parseKeyRing, seal, type KeyRing } from "@automna/service-kit/secret-box";
import { deriveSlotKey, egressKeyHash, newRootKey } from "@automna/service-kit/slot-keys";
import { createTestDatabase, startTestPostgres, type TestDatabase } from "@automna/testkit/postgres";
import type { ScenarioContext } from "../harness/scenario.ts";
import { startRecordingBackend, type RecordingBackend } from "./recording-backend.ts";

/** A customer with a session, an agent that is ready, and a backend that records. */
export interface Person {
  userId: string;
  sessionId: string;
  agentId: string;
  slot: { id: string; generation: number; rootKey: Buffer };
  backend: RecordingBackend;
  /** API keys: one that may do all, one that may chat and no more, and one that could do all and was revoked. */
  keys: { whole: NewApiKey; chatOnly: NewApiKey; revoked: NewApiKey };
}

export interface World {
  database: TestDatabase;
  /** Superuser's view, for putting things back as they were. */
  db: Database;
  /** Seals what ingress needs of a slot. */
  ring: KeyRing;
  alice: Person;
  bob: Person;
}

/** Where both have their slots, and an upgrade that nobody has started. */
export const NODE_ID = "local";
export const WAVE_ID = "wav_00000000000000000000";

/** What each of the two has published, for its owner alone. */
export const APP_NAME = "shop";

/** Two customers on a database of this run. */
export async function makeWorld(ctx: ScenarioContext): Promise<World> {
  const postgres = await startTestPostgres();
  ctx.onCleanup("stop Postgres", () => postgres.stop());
  const database = await createTestDatabase(postgres.adminUrl);
  const db = createPrismaClient(database.url, { max: 4 });
  ctx.onCleanup("close the database", () => db.$disconnect());
  const ring = parseKeyRing(newKeyRingJson());
  await makeCell(db);
  const [alice, bob] = [await makePerson(ctx, db, ring, "alice"), await makePerson(ctx, db, ring, "bob")];
  return { database, db, ring, alice, bob };
}

async function makeCell(db: Database): Promise<void> {
  const ports = { firstPort: 1, lastPort: 65_535 };
  await db.cell.create({ data: { id: "local", runtime: "process" } });
  await db.node.create({
    data: { id: NODE_ID, cellId: "local", name: NODE_ID, address: "127.0.0.1", ...ports, seenAt: new Date() },
  });
  const settings = { canaries: 1, soakMs: 0, growth: 1, maxBatch: 1, maxFailureShare: 0, takesBack: "unwell" };
  const createdAt = new Date();
  await db.upgradeWave.create({ data: { id: WAVE_ID, image: "agent:2", settings, createdBy: "nobody", createdAt } });
}

async function makePerson(ctx: ScenarioContext, db: Database, ring: KeyRing, name: string): Promise<Person> {
  const [userId, sessionId, agentId, slotId] = [newId("user"), newId("sess"), newId("agt"), newId("slt")];
  const generation = 1;
  const rootKey = newRootKey();
  const backend = await startRecordingBackend({ slotId, generation, agentId, rootKey });
  ctx.onCleanup(`close ${name}'s backend`, () => backend.close());
  const keyFor = (purpose: "ingress" | "proof" | "egress") => deriveSlotKey(rootKey, purpose, slotId, generation);
  const ingressKeys = Buffer.from(JSON.stringify({ ingress: keyFor("ingress"), proof: keyFor("proof") }));

  await db.user.create({ data: { id: userId, email: `${name}@example.com`, name, issuer: "local" } });
  await db.session.create({ data: { id: sessionId, userId, expiresAt: new Date(Date.now() + 3_600_000) } });
  await db.slot.create({
    data: {
      id: slotId,
      nodeId: NODE_ID,
      host: "127.0.0.1",
      port: backend.port,
      keyGeneration: generation,
      rootKeyEnvelope: Uint8Array.from(seal(ring, rootKey, { owner: slotId, kind: "slot_root_key" })),
      ingressKeyEnvelope: Uint8Array.from(seal(ring, ingressKeys, { owner: slotId, kind: "slot_ingress_keys" })),
      egressKeyHash: Uint8Array.from(egressKeyHash(keyFor("egress"))),
    },
  });
  await db.agent.create({ data: { id: agentId, userId, name, modelSource: "demo", tier: "local", slotId } });
  const keys = { whole: makeApiKey(), chatOnly: makeApiKey(), revoked: makeApiKey() };
  const toRow = ({ id, hash }: NewApiKey) => ({ id, userId, name, secretHash: Uint8Array.from(hash) });
  await db.apiKey.createMany({
    data: [
      { ...toRow(keys.whole), scopes: [...apiKeyScopes] },
      { ...toRow(keys.chatOnly), scopes: ["chat"] },
      { ...toRow(keys.revoked), scopes: [...apiKeyScopes], revokedAt: new Date() },
    ],
  });
  await db.app.create({
    data: { agentId, name: APP_NAME, kind: "static", isPresent: true, seenAt: new Date(), visibility: "private" },
  });
  const person = { userId, sessionId, agentId, slot: { id: slotId, generation, rootKey }, backend, keys };
  await putAgentBack(db, person);
  return person;
}

/** The agent as at the beginning: ready, wanted, at its address. */
export async function putAgentBack(
  db: Database,
  { agentId, slot, backend }: Pick<Person, "agentId" | "slot" | "backend">,
  phase: "ready" | "asleep" = "ready",
): Promise<void> {
  const isReady = phase === "ready";
  await db.agent.update({
    where: { id: agentId },
    data: {
      phase,
      stage: "ready",
      desired: isReady ? "running" : "stopped",
      generation: 1,
      deletedAt: null,
      slotId: slot.id,
      backendType: isReady ? "local" : null,
      host: isReady ? "127.0.0.1" : null,
      port: isReady ? backend.port : null,
    },
  });
}
