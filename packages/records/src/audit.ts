import type { Transaction, Database } from "./database.ts";

/** Appends who did what to what. */
export async function appendAudit(
  db: Database | Transaction,
  event: {
    userId: string | null;
    action: string;
    subject: string;
    data?: Readonly<Record<string, string | number | boolean | null>>;
  },
): Promise<void> {
  await db.auditEvent.create({
    data: { userId: event.userId, action: event.action, subject: event.subject, data: event.data ?? {} },
  });
}
