import { createPrismaClient } from "@automna/prisma/client";
import { notify, transactionLimits, type Database } from "@automna/records/database";
import { newId } from "@automna/service-kit/new-id";
import { newKeyRingJson, parseKeyRing, seal, type KeyRing } from "@automna/service-kit/secret-box";
import { deriveSlotKey, egressKeyHash } from "@automna/service-kit/slot-keys";
import { makeTestIssuer } from "../../../proxy/test/session-tokens.ts";
import type { ScenarioContext } from "../harness/scenario.ts";
import { GENERATION, newSlot, startBackend, type Backend } from "./backend.ts";
import { startOwnPostgres, type OwnPostgres } from "../steps/own-postgres.ts";

export const ORIGIN = "http://automna.test";

/** A customer whose agent is ready. */
export interface Customer {
  userId: string;
  sessionId: string;
  agentId: string;
  backend: Backend;
  /** Of a fresh session token. `atMs`: the time at which it is made. */
  cookie: (atMs?: number) => string;
}

export interface World {
  folder: string;
  postgres: OwnPostgres;
  db: Database;
  ring: KeyRing;
  /** What main-ingress reads of its environment to serve this world. */
  ingressEnv: Record<string, string>;
  /** The issuer's public key and name. */
  issuer: { publicKey: string; issuer: string };
  addCustomer: () => Promise<Customer>;
  /** Gives the customer's agent another place, and tells everybody, as the provisioner does. Resolves at the commit. */
  moveTo: (customer: Customer, backend: Backend) => Promise<void>;
}

export async function makeWorld(ctx: ScenarioContext): Promise<World> {
  const folder = await ctx.folder();
  const postgres = await startOwnPostgres(ctx, folder);
  const db = createPrismaClient(postgres.urlAs("postgres"), { max: 4 });
  ctx.onCleanup("close the database", () => db.$disconnect());
  const ringJson = newKeyRingJson();
  const ring = parseKeyRing(ringJson);
  const issuer = makeTestIssuer(ORIGIN);

  const addSlot = async (tx: Pick<Database, "slot">, { slot: { slotId, rootKey }, port }: Backend) => {
    const key = (purpose: "ingress" | "proof" | "egress") => deriveSlotKey(rootKey, purpose, slotId, GENERATION);
    const keys = Buffer.from(JSON.stringify({ ingress: key("ingress"), proof: key("proof") }));
    const ingressKeyEnvelope = Uint8Array.from(seal(ring, keys, { owner: slotId, kind: "slot_ingress_keys" }));
    const place = { nodeId: "local", host: "127.0.0.1", port, keyGeneration: GENERATION };
    const rest = { rootKeyEnvelope: new Uint8Array(1), egressKeyHash: Uint8Array.from(egressKeyHash(key("egress"))) };
    await tx.slot.create({ data: { id: slotId, ...place, ...rest, ingressKeyEnvelope } });
  };

  return {
    folder,
    postgres,
    db,
    ring,
    issuer,
    ingressEnv: {
      INGRESS_DATABASE_URL: postgres.urlAs("automna_ingress"),
      INGRESS_ORIGIN: ORIGIN,
      INGRESS_SESSION_JWT_KEY: issuer.publicKey,
      INGRESS_SESSION_ISSUER: issuer.issuer,
      INGRESS_SLOT_KEY_RING: ringJson,
    },
    async addCustomer() {
      const [userId, sessionId, agentId] = [newId("user"), newId("sess"), newId("agt")];
      const backend = await startBackend(newSlot(agentId));
      await db.user.create({ data: { id: userId, email: `${userId}@example.org`, issuer: "test" } });
      await db.session.create({ data: { id: sessionId, userId, expiresAt: new Date(Date.now() + 86_400_000) } });
      await addSlot(db, backend);
      const place = { slotId: backend.slot.slotId, backendType: "local" as const, host: "127.0.0.1" };
      const agent = { id: agentId, userId, name: "A", modelSource: "demo" as const, tier: "local" };
      await db.agent.create({ data: { ...agent, ...place, phase: "ready", port: backend.port } });
      const customer: Customer = {
        userId,
        sessionId,
        agentId,
        backend,
        cookie(atMs = Date.now()) {
          const iat = Math.floor(atMs / 1_000);
          return `__session=${issuer.token({ sub: userId, sid: sessionId, iat, exp: iat + 300 })}`;
        },
      };
      ctx.onCleanup("close a backend", () => customer.backend.close());
      return customer;
    },
    async moveTo({ userId, agentId }, backend) {
      await db.$transaction(async (tx) => {
        await addSlot(tx, backend);
        await tx.agent.update({ where: { id: agentId }, data: { slotId: backend.slot.slotId, port: backend.port } });
        await notify(tx, "agent_changed", { agentId, userId });
      }, transactionLimits);
    },
  };
}
