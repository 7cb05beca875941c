import type { customerAuditSchema, customerEventsSchema } from "@automna/contract/admin";
import type { Database } from "@automna/records/database";
import type { z } from "zod";
import { toEventView } from "../agents/to-event-view.ts";

const MOST = 100;

/** What happened to a customer's agents, also those that are gone, newest first. */
export async function listCustomerEvents(db: Database, userId: string): Promise<z.infer<typeof customerEventsSchema>> {
  const rows = await db.agentEvent.findMany({
    where: { agent: { userId } },
    orderBy: { id: "desc" },
    take: MOST,
    select: { id: true, agentId: true, type: true, phase: true, at: true },
  });
  return { events: rows.map((row) => ({ ...toEventView(row), agentId: row.agentId })) };
}

type AuditEntry = z.infer<typeof customerAuditSchema>["entries"][number];

/** Who did what to a customer's affairs, newest first: operators with their reasons, the customer, the platform. */
export async function listCustomerAudit(db: Database, userId: string): Promise<z.infer<typeof customerAuditSchema>> {
  const [actions, events] = await Promise.all([
    db.operatorAction.findMany({ where: { userId }, orderBy: { at: "desc" }, take: MOST, include: { outcome: true } }),
    db.auditEvent.findMany({ where: { OR: [{ userId }, { subject: userId }] }, orderBy: { id: "desc" }, take: MOST }),
  ]);
  const done: AuditEntry[] = actions.map((action) => ({
    id: action.id,
    atMs: action.at.getTime(),
    actorId: action.operatorId,
    isOperator: true,
    action: action.action,
    subject: userId,
    reason: action.reason,
    input: action.input,
    before: action.before,
    after: action.outcome?.after ?? null,
  }));
  const seen: AuditEntry[] = events.map(({ id, at, userId: actorId, action, subject, data }) => ({
    id: String(id),
    atMs: at.getTime(),
    actorId,
    isOperator: false,
    action,
    subject,
    reason: null,
    input: data,
    before: null,
    after: {},
  }));
  return { entries: [...done, ...seen].toSorted((one, other) => other.atMs - one.atMs).slice(0, MOST) };
}
