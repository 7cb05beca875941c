import type { SupportAccess } from "@automna/prisma/generated/client";
import { listAgentsOfUser } from "@automna/records/agents";
import { appendAudit } from "@automna/records/audit";
import type { Database, Transaction } from "@automna/records/database";
import { enqueueMail } from "@automna/records/mails";

type NewSupport = Pick<SupportAccess, "id" | "userId" | "operatorId" | "reason" | "startedAt" | "endsAt">;

/** The support access of now; null = nobody has any. */
export async function findSupport(
  db: Database | Transaction,
  userId: string,
  now: Date,
): Promise<SupportAccess | null> {
  return db.supportAccess.findFirst({
    where: { userId, endedAt: null, endsAt: { gt: now } },
    orderBy: { startedAt: "desc" },
  });
}

/** Opens support access, in place of one that is open. The same id again changes nothing. */
export async function openSupport(tx: Transaction, access: NewSupport): Promise<void> {
  const { id, userId, operatorId, reason, startedAt, endsAt } = access;
  await tx.supportAccess.updateMany({
    where: { userId, endedAt: null, id: { not: id } },
    data: { endedAt: startedAt, endedBy: "operator" },
  });
  const { count } = await tx.supportAccess.createMany({ data: [access], skipDuplicates: true });
  if (count === 0) return;
  const data = { operatorId, reason, endsAtMs: endsAt.getTime() };
  await appendAudit(tx, { userId, action: "support.opened", subject: id, data });
  const [agent] = await listAgentsOfUser(tx, userId);
  const mail = { agentName: agent?.name ?? "your agent", reason, untilMs: endsAt.getTime() };
  await enqueueMail(tx, { key: `support-access/${id}`, template: "support-access", to: { userId }, data: mail });
}

/** Ends what is open. Twice changes nothing. */
export async function endSupport(
  tx: Transaction,
  { userId, by }: { userId: string; by: "customer" | "operator" },
  now: Date,
): Promise<void> {
  const open = await findSupport(tx, userId, now);
  if (open === null) return;
  await tx.supportAccess.update({ where: { id: open.id }, data: { endedAt: now, endedBy: by } });
  await appendAudit(tx, { userId, action: "support.ended", subject: open.id, data: { by } });
}
