import type { Database } from "@automna/records/database";
import type { StartToken } from "@automna/service-kit/start-link";

/** Marks a link's nonce as used, once: false when it already was. Forgets those that have expired anyway. */
export async function spendNonce(db: Database, { nonce, expiresAtMs }: StartToken, now: number): Promise<boolean> {
  await db.usedNonce.deleteMany({ where: { expiresAt: { lt: new Date(now) } } });
  const { count } = await db.usedNonce.createMany({
    data: [{ nonce, expiresAt: new Date(expiresAtMs) }],
    skipDuplicates: true,
  });
  return count === 1;
}
