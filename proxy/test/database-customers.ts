import type { PrismaClient } from "@automna/prisma/client";
import { newId } from "@automna/service-kit/new-id";
import { seal, type KeyRing } from "@automna/service-kit/secret-box";
import { deriveSlotKey, egressKeyHash, formatEgressCredential } from "@automna/service-kit/slot-keys";
import type { TestIssuer } from "./session-tokens.ts";
import { startStandInAgentd, type StandInAgentd } from "./stand-in-agentd.ts";

/** A customer of a real database, with a stand-in agent that is ready. */
export interface DatabaseCustomer {
  userId: string;
  sessionId: string;
  agentd: StandInAgentd;
  cookie: string;
  /** The slot's credential at egress. */
  credential: string;
}

/** Writes one into the database, as sign-up and deploy would leave them. */
export async function addDatabaseCustomer(
  db: PrismaClient,
  { ring, issuer }: { ring: KeyRing; issuer: TestIssuer },
): Promise<DatabaseCustomer> {
  const [userId, sessionId, slotId, agentId] = [newId("user"), newId("sess"), newId("slt"), newId("agt")];
  const agentd = await startStandInAgentd({ slotId, agentId });
  const key = (purpose: "ingress" | "proof" | "egress") => deriveSlotKey(agentd.rootKey, purpose, slotId, 1);
  const ingressKeys = Buffer.from(JSON.stringify({ ingress: key("ingress"), proof: key("proof") }));
  const sealed = (bytes: Buffer, owner: string, kind: Parameters<typeof seal>[2]["kind"]) =>
    Uint8Array.from(seal(ring, bytes, { owner, kind }));
  await db.user.create({ data: { id: userId, email: `${userId}@example.org`, issuer: "test" } });
  await db.session.create({ data: { id: sessionId, userId, expiresAt: new Date(Date.now() + 3_600_000) } });
  await db.modelKey.create({
    data: {
      userId,
      provider: "anthropic",
      last4: "1234",
      validatedAt: new Date(),
      envelope: sealed(Buffer.from(`sk-${userId}`), userId, "model_key"),
    },
  });
  const address = { host: "127.0.0.1", port: agentd.port };
  const slot = {
    id: slotId,
    nodeId: "local",
    ...address,
    rootKeyEnvelope: new Uint8Array(1),
    ingressKeyEnvelope: sealed(ingressKeys, slotId, "slot_ingress_keys"),
    egressKeyHash: Uint8Array.from(egressKeyHash(key("egress"))),
  };
  await db.slot.create({ data: slot });
  await db.agent.create({
    data: {
      id: agentId,
      userId,
      name: "A",
      modelSource: "byok",
      tier: "local",
      phase: "ready",
      slotId,
      backendType: "local",
      ...address,
    },
  });
  const cookie = `__session=${issuer.token({ sub: userId, sid: sessionId })}`;
  return { userId, sessionId, agentd, cookie, credential: formatEgressCredential(slotId, 1, key("egress")) };
}
