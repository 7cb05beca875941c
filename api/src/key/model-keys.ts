import type { KeyView } from "@automna/contract/identity";
import { appendAudit } from "@automna/records/audit";
import { notify, transactionLimits, type Database, type Transaction } from "@automna/records/database";
import { seal, type KeyRing } from "@automna/service-kit/secret-box";

/** What may be shown of the user's key; null = there is none. */
export async function readKeyView(db: Database | Transaction, userId: string): Promise<KeyView["key"]> {
  const row = await db.modelKey.findUnique({ where: { userId }, select: { last4: true, validatedAt: true } });
  return row && { provider: "anthropic", last4: row.last4, validatedAtMs: row.validatedAt.getTime() };
}

export async function hasModelKey(db: Database | Transaction, userId: string): Promise<boolean> {
  return (await readKeyView(db, userId)) !== null;
}

/** Seals and stores a key that the provider accepted; egress takes it from now on. */
export async function storeModelKey(
  db: Database,
  ring: KeyRing,
  { userId, key, now }: { userId: string; key: string; now: number },
): Promise<void> {
  const envelope = Uint8Array.from(seal(ring, Buffer.from(key, "utf8"), { owner: userId, kind: "model_key" }));
  const data = { provider: "anthropic", envelope, last4: key.slice(-4), validatedAt: new Date(now) };
  await db.$transaction(async (tx) => {
    await tx.modelKey.upsert({ where: { userId }, create: { userId, ...data }, update: data });
    await appendAudit(tx, { userId, action: "key.stored", subject: userId, data: { last4: data.last4 } });
    await notify(tx, "model_key_changed", { userId });
  }, transactionLimits);
}

/** Forgets the user's key; doing it again changes nothing. */
export async function deleteModelKey(db: Database, userId: string): Promise<void> {
  await db.$transaction(async (tx) => {
    const { count } = await tx.modelKey.deleteMany({ where: { userId } });
    if (count === 0) return;
    await appendAudit(tx, { userId, action: "key.deleted", subject: userId });
    await notify(tx, "model_key_changed", { userId });
  }, transactionLimits);
}
