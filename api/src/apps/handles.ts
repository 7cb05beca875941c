import { randomBytes } from "node:crypto";
import { appError } from "@automna/contract/error-catalogue";
import { isReservedHandle, suggestHandle } from "@automna/core/apps/app-name";
import { appendAudit } from "@automna/records/audit";
import { notify, transactionLimits, type Database, type Transaction } from "@automna/records/database";

/** Handles that one person may have had: each rests with them for good, so they must not collect names. */
const HANDLES_MAX = 5;
const SUFFIX_BYTES = 2;
const TRIES = 8;

/** The user's handle; the first time one is made of their name. Two calls at once make one. */
export async function ensureHandle(db: Database, userId: string): Promise<string> {
  const known = await findHandle(db, userId);
  if (known !== null) return known;
  return db.$transaction(async (tx) => {
    const { name } = await lockUser(tx, userId);
    const meanwhile = await findHandle(tx, userId);
    if (meanwhile !== null) return meanwhile;
    for (let tried = 0; tried < TRIES; tried += 1) {
      const handle = suggestHandle(name, tried === 0 && name !== "" ? "" : randomBytes(SUFFIX_BYTES).toString("hex"));
      if (!(await takeHandle(tx, userId, handle))) continue;
      await notify(tx, "handle_changed", { handle });
      return handle;
    }
    throw appError("service_unavailable");
  }, transactionLimits);
}

/**
 * Gives the user another handle, or one of their former ones; the old one rests with them. Throws `handle_taken` or
 * `handles_used_up`.
 */
export async function changeHandle(db: Database, userId: string, handle: string, now: Date): Promise<void> {
  await db.$transaction(async (tx) => {
    await lockUser(tx, userId);
    const current = await findHandle(tx, userId);
    if (current === handle) return;
    if (isReservedHandle(handle)) throw appError("handle_taken");
    await tx.handle.updateMany({ where: { userId, releasedAt: null }, data: { releasedAt: now } });
    const { count: ownAgain } = await tx.handle.updateMany({ where: { handle, userId }, data: { releasedAt: null } });
    if (ownAgain === 0) {
      if ((await tx.handle.count({ where: { userId } })) >= HANDLES_MAX) throw appError("handles_used_up");
      if (!(await takeHandle(tx, userId, handle))) throw appError("handle_taken");
    }
    await appendAudit(tx, { userId, action: "handle.changed", subject: userId, data: { handle } });
    for (const changed of [current, handle])
      if (changed !== null) await notify(tx, "handle_changed", { handle: changed });
  }, transactionLimits);
}

async function findHandle(db: Database | Transaction, userId: string): Promise<string | null> {
  const row = await db.handle.findFirst({ where: { userId, releasedAt: null }, select: { handle: true } });
  return row?.handle ?? null;
}

/** False when somebody has or had it; the transaction goes on. */
async function takeHandle(tx: Transaction, userId: string, handle: string): Promise<boolean> {
  const { count } = await tx.handle.createMany({ data: [{ handle, userId }], skipDuplicates: true });
  return count === 1;
}

/** The user's row is the lock: a person has one handle in use. */
async function lockUser(tx: Transaction, userId: string): Promise<{ name: string }> {
  const [row] = await tx.$queryRaw<{ name: string }[]>`SELECT name FROM users WHERE id = ${userId} FOR UPDATE`;
  if (row === undefined) throw appError("not_signed_in");
  return row;
}
