import { DAY_MS } from "@automna/core/shared/clock";
import { forgetBeforeMs, INVITE_DAYS, isConfirmationDue, roomFor } from "@automna/core/waitlist/waitlist";
import { appendAudit } from "@automna/records/audit";
import { transactionLimits, type Database, type Transaction } from "@automna/records/database";
import { enqueueMail, eraseMailsTo } from "@automna/records/mails";
import { newCode, newId } from "@automna/service-kit/new-id";

const INVITE_CODE_LENGTH = 12;

/** Puts an address on the list, with a confirmation mail when one is due. Says nothing of what was known of it. */
export async function joinWaitlist(db: Database, email: string, now: Date): Promise<void> {
  await db.$transaction(async (tx) => {
    // Also for a known address, so that both take the same way, and two at once go one after the other.
    const [row] = await tx.$queryRaw<{ id: string }[]>`
      INSERT INTO waitlist_entries (id, email) VALUES (${newId("wai")}, ${email.toLowerCase()})
      ON CONFLICT (email) DO UPDATE SET email = EXCLUDED.email RETURNING id`;
    const entry = await tx.waitlistEntry.findUniqueOrThrow({ where: { id: row?.id ?? "" } });
    const mailedAtMs = entry.mailedAt?.getTime() ?? null;
    if (!isConfirmationDue({ ...entry, mailedAtMs }, now.getTime())) return;
    const mails = entry.mails + 1;
    await tx.waitlistEntry.update({ where: { id: entry.id }, data: { mails, mailedAt: now } });
    await enqueueMail(tx, {
      key: `waitlist-confirm/${entry.id}/${mails}`,
      template: "waitlist-confirm",
      to: { address: entry.email },
      data: { entryId: entry.id },
    });
  }, transactionLimits);
}

/** The address is its owner's. False when there is no such entry any more; twice is once. */
export async function confirmEntry(db: Database, id: string, now: Date): Promise<boolean> {
  const confirmed = await db.waitlistEntry.updateMany({
    where: { id, state: "pending" },
    data: { state: "confirmed", confirmedAt: now },
  });
  return confirmed.count > 0 || (await db.waitlistEntry.count({ where: { id } })) > 0;
}

/** Forgets the address, its mails and its invitation. Twice changes nothing. */
export async function leaveWaitlist(db: Database, id: string): Promise<void> {
  await db.$transaction(async (tx) => {
    const [entry] = await tx.$queryRaw<{ email: string }[]>`
      DELETE FROM waitlist_entries WHERE id = ${id} RETURNING email`;
    if (entry === undefined) return;
    await eraseMailsTo(tx, entry.email);
    await appendAudit(tx, { userId: null, action: "waitlist.left", subject: id });
  }, transactionLimits);
}

/** Forgets addresses that nobody confirmed. Answers how many. */
export async function forgetUnconfirmed(db: Database, now: Date): Promise<number> {
  const before = new Date(forgetBeforeMs(now.getTime()));
  const old = await db.waitlistEntry.findMany({
    where: { state: "pending", createdAt: { lt: before }, OR: [{ mailedAt: null }, { mailedAt: { lt: before } }] },
    select: { id: true, email: true },
    take: 1_000,
  });
  for (const { id, email } of old) {
    await db.$transaction(async (tx) => {
      const { count } = await tx.waitlistEntry.deleteMany({ where: { id, state: "pending" } });
      if (count > 0) await eraseMailsTo(tx, email);
    }, transactionLimits);
  }
  return old.length;
}

/** Invitations that count against the cap: used ones, and open ones that have not expired. */
export async function countTaken(db: Database | Transaction, now: Date): Promise<number> {
  return db.waitlistEntry.count({
    where: { OR: [{ state: "joined" }, { state: "invited", inviteUntil: { gt: now } }] },
  });
}

export interface InviteBatch {
  count: number;
  promotionCode: string | null;
  cap: number;
  operatorId: string;
}

/** Invites those who confirmed first, as far as the cap allows. Answers how many. */
export async function inviteBatch(db: Database, batch: InviteBatch, now: Date): Promise<number> {
  const { count, promotionCode, cap, operatorId } = batch;
  return db.$transaction(async (tx) => {
    // Two batches at once would both see the same room.
    await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended('waitlist/invite', 0))::text`;
    const room = roomFor(count, { cap, taken: await countTaken(tx, now) });
    const waiting = await tx.waitlistEntry.findMany({
      where: { OR: [{ state: "confirmed" }, { state: "invited", inviteUntil: { lte: now } }] },
      // Whose invitation ran out unused comes after those who never had one.
      orderBy: [{ state: "asc" }, { confirmedAt: "asc" }, { id: "asc" }],
      take: room,
    });
    const inviteUntil = new Date(now.getTime() + INVITE_DAYS * DAY_MS);
    for (const { id, email } of waiting) {
      const inviteCode = newCode(INVITE_CODE_LENGTH);
      const data = { state: "invited" as const, inviteCode, promotionCode, invitedAt: now, inviteUntil };
      await tx.waitlistEntry.update({ where: { id }, data });
      await enqueueMail(tx, {
        key: `waitlist-invite/${id}/${now.getTime()}`,
        template: "waitlist-invite",
        to: { address: email },
        data: { entryId: id, code: inviteCode, untilMs: inviteUntil.getTime(), hasBetaPrice: promotionCode !== null },
      });
    }
    const data = { asked: count, invited: waiting.length, promotionCode };
    await appendAudit(tx, { userId: operatorId, action: "waitlist.invited", subject: "waitlist", data });
    return waiting.length;
  }, transactionLimits);
}

/**
 * Gives an invitation to the account that came with it, for good. Null when it is used by somebody else, has expired or
 * does not exist; the same account again gets what it has.
 */
export async function redeemInvite(
  db: Database,
  { code, userId }: { code: string; userId: string },
  now: Date,
): Promise<{ promotionCode: string | null } | null> {
  return db.$transaction(async (tx) => {
    // An account has one invitation: two at once are one after the other.
    await tx.$queryRaw`SELECT id FROM users WHERE id = ${userId} FOR UPDATE`;
    const own = await tx.waitlistEntry.findUnique({ where: { joinedUserId: userId } });
    if (own !== null) return own;
    await tx.waitlistEntry.updateMany({
      where: { inviteCode: code, state: "invited", inviteUntil: { gt: now } },
      data: { state: "joined", joinedUserId: userId, joinedAt: now },
    });
    return tx.waitlistEntry.findUnique({ where: { joinedUserId: userId } });
  }, transactionLimits);
}

/** The promotion code that the account's invitation carries; null = none. */
export async function findInvitePromotion(db: Database, userId: string): Promise<string | null> {
  const entry = await db.waitlistEntry.findUnique({ where: { joinedUserId: userId } });
  return entry?.promotionCode ?? null;
}
