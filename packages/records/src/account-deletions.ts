import {
  canUndoDeletion,
  deletionAskers,
  eraseAtMs,
  type DeletionAsker,
} from "@automna/core/identity/account-deletion";
import { appError } from "@automna/contract/error-catalogue";
import type { AccountDeletion } from "@automna/prisma/generated/client";
import { appendAudit } from "./audit.ts";
import { lockBilling, settleUser } from "./billing.ts";
import { notify, type Database, type Transaction } from "./database.ts";
import { appendOutbox } from "./outbox.ts";

/** Begins the end of an account. The same wish again changes nothing. Returns the agents that stop. */
export async function requestDeletion(
  tx: Transaction,
  { userId, askedBy }: { userId: string; askedBy: DeletionAsker },
  now: Date,
): Promise<string[]> {
  await lockBilling(tx, userId);
  const eraseAt = new Date(eraseAtMs(now.getTime()));
  const { count } = await tx.accountDeletion.createMany({
    data: [{ userId, askedBy, requestedAt: now, eraseAt }],
    skipDuplicates: true,
  });
  // Who is gone at the identity provider can't come back, whoever asked first.
  if (askedBy === "issuer") await tx.accountDeletion.update({ where: { userId }, data: { askedBy } });
  if (count === 1) {
    await appendAudit(tx, { userId, action: "account.deletion_requested", subject: userId, data: { askedBy } });
    if (askedBy === "customer")
      await appendOutbox(tx, {
        key: `account.deletion_requested/${userId}/${now.getTime()}`,
        type: "account.deletion_requested",
        userId,
        data: { eraseAtMs: eraseAt.getTime() },
        at: now,
      });
  }
  return (await settleUser(tx, userId, now)).agentIds;
}

/** Keeps the account after all. Throws `account_deletion_final` when it is too late. Returns the agents that come back. */
export async function cancelDeletion(tx: Transaction, userId: string, now: Date): Promise<string[]> {
  await lockBilling(tx, userId);
  const deletion = await tx.accountDeletion.findUnique({ where: { userId } });
  if (deletion === null) return [];
  if (!canUndo(deletion, now)) throw appError("account_deletion_final");
  await tx.accountDeletion.delete({ where: { userId } });
  await appendAudit(tx, { userId, action: "account.deletion_cancelled", subject: userId });
  await appendOutbox(tx, {
    key: `account.deletion_cancelled/${userId}/${now.getTime()}`,
    type: "account.deletion_cancelled",
    userId,
    data: {},
    at: now,
  });
  return (await settleUser(tx, userId, now)).agentIds;
}

export function canUndo({ askedBy, eraseAt, erasedAt }: AccountDeletion, now: Date): boolean {
  const asker = deletionAskers.find((known) => known === askedBy) ?? "issuer";
  return canUndoDeletion({ askedBy: asker, eraseAtMs: eraseAt.getTime(), isErased: erasedAt !== null }, now.getTime());
}

/** Users whose account's time is over. */
export async function listUsersToErase(db: Database, now: Date, limit: number): Promise<string[]> {
  const rows = await db.accountDeletion.findMany({
    where: { erasedAt: null, eraseAt: { lte: now } },
    orderBy: { eraseAt: "asc" },
    take: limit,
    select: { userId: true },
  });
  return rows.map(({ userId }) => userId);
}

/** Subscriptions that go on although their account ends. */
export async function listSubscriptionsToEnd(db: Database, userId?: string): Promise<{ id: string; userId: string }[]> {
  return db.subscription.findMany({
    where: {
      endedAt: null,
      status: { notIn: ["canceled", "incomplete_expired"] },
      user: { deletion: { isNot: null } },
      ...(userId === undefined ? {} : { userId }),
    },
    select: { id: true, userId: true },
    take: 1_000,
  });
}

/**
 * Erases what is personal: name, address, keys, sessions, what vendors told us, and the agents with all that they hold.
 * Audit and ledger stay, under an id that nobody can read a person from. Returns the agents that are to be deleted.
 */
export async function eraseUser(tx: Transaction, userId: string, now: Date): Promise<string[]> {
  await lockBilling(tx, userId);
  const { count } = await tx.accountDeletion.updateMany({
    where: { userId, erasedAt: null, eraseAt: { lte: now } },
    data: { erasedAt: now },
  });
  // Taken back, or done by somebody else meanwhile.
  if (count === 0) return [];
  await tx.user.update({
    where: { id: userId },
    data: { state: "deleted", email: `${userId}@deleted.invalid`, name: "" },
  });
  await tx.session.deleteMany({ where: { userId } });
  await tx.modelKey.deleteMany({ where: { userId } });
  const customer = await tx.billingCustomer.findUnique({ where: { userId } });
  const subjects = customer === null ? [userId] : [userId, customer.customerId];
  await tx.inboxEvent.updateMany({ where: { subject: { in: subjects }, state: "done" }, data: { payload: "{}" } });
  await tx.agent.updateMany({ where: { userId }, data: { name: "", personality: "" } });
  await appendAudit(tx, { userId, action: "account.erased", subject: userId });
  await notify(tx, "user_changed", { userId });
  await notify(tx, "model_key_changed", { userId });
  return (await settleUser(tx, userId, now)).agentIds;
}
