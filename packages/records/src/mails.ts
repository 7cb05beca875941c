import type { MailData, MailTemplate } from "@automna/contract/mail";
import { nextMailAttemptMs } from "@automna/core/mail/mail-retry";
import type { Prisma } from "@automna/prisma/generated/client";
import { appendAudit } from "./audit.ts";
import { transactionLimits, type Database, type Transaction } from "./database.ts";

export interface NewMail<Template extends MailTemplate> {
  /** Made from the cause: the same cause again is the same mail (S10). */
  key: string;
  template: Template;
  to: { userId: string } | { address: string };
  data: MailData<Template>;
}

/** Writes a mail down in the transaction of its cause; a worker sends it once that is committed. Twice is once. */
export async function enqueueMail<Template extends MailTemplate>(
  tx: Database | Transaction,
  { key, template, to, data }: NewMail<Template>,
): Promise<void> {
  const [userId, address] = "userId" in to ? [to.userId, null] : [null, to.address];
  // Not Prisma's create: that reads the row back, which the provisioner has no right to. Due now: rounding up to the next
  // millisecond would be later than now.
  await tx.$executeRaw`
    INSERT INTO mails (key, template, user_id, address, data, due_at)
    VALUES (${key}, ${template}, ${userId}, ${address}, ${JSON.stringify(data)}::jsonb,
            date_trunc('milliseconds', now())) ON CONFLICT DO NOTHING`;
}

export type MailRecord = Prisma.MailGetPayload<object>;

/**
 * Takes mails that are due, each for one worker: a mail that is neither done nor put off within `leaseMs` is due again.
 * Counts the attempt now, so that a mail on which a worker dies comes to an end too.
 */
export async function claimDueMails(
  db: Database,
  { now, limit, leaseMs }: { now: Date; limit: number; leaseMs: number },
): Promise<MailRecord[]> {
  const leaseEnd = new Date(now.getTime() + leaseMs);
  const rows = await db.$queryRaw<{ key: string }[]>`
    UPDATE mails SET due_at = ${leaseEnd}, attempts = attempts + 1
    WHERE key IN (
      SELECT key FROM mails WHERE state = 'waiting' AND due_at <= ${now}
      ORDER BY due_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
    ) RETURNING key`;
  return db.mail.findMany({ where: { key: { in: rows.map(({ key }) => key) } }, orderBy: { createdAt: "asc" } });
}

/** It is gone: what was in it and whom it went to is not kept. */
export async function markMailDone(db: Database, key: string, state: "sent" | "captured", now: Date): Promise<void> {
  await db.mail.updateMany({
    where: { key, state: "waiting" },
    data: { state, data: {}, address: null, error: null, doneAt: now },
  });
}

/** It was not taken: another try later, or, when there is no more to hope for, its end with an audit event. */
export async function noteMailFailure(
  db: Database,
  mail: Pick<MailRecord, "key" | "userId" | "template" | "attempts">,
  { error, isFinal, now }: { error: string; isFinal: boolean; now: Date },
): Promise<"waiting" | "given_up"> {
  const nextMs = isFinal ? null : nextMailAttemptMs(mail.attempts, now.getTime());
  const where = { key: mail.key, state: "waiting" as const };
  if (nextMs !== null) {
    await db.mail.updateMany({ where, data: { error, dueAt: new Date(nextMs) } });
    return "waiting";
  }
  await db.$transaction(async (tx) => {
    const changed = await tx.mail.updateMany({ where, data: { state: "given_up", error, doneAt: now } });
    if (changed.count === 0) return;
    const { userId, template, attempts } = mail;
    await appendAudit(tx, {
      userId,
      action: "mail.given_up",
      subject: mail.key,
      data: { template, attempts, error },
    });
  }, transactionLimits);
  return "given_up";
}

/** Puts a mail that was given up back to waiting. False when there is none. */
export async function retryMail(db: Database, key: string, now: Date): Promise<boolean> {
  const { count } = await db.mail.updateMany({
    where: { key, state: "given_up" },
    data: { state: "waiting", attempts: 0, dueAt: now, doneAt: null },
  });
  return count > 0;
}
