import { nextAttemptMs } from "@automna/core/inbox/inbox-retry";
import type { Prisma } from "@automna/prisma/generated/client";
import type { Database, Transaction } from "./database.ts";

export type InboxSource = "stripe" | "clerk";
export type InboxEventRecord = Prisma.InboxEventGetPayload<object>;

export interface ReceivedEvent {
  source: InboxSource;
  eventId: string;
  type: string;
  /** Whose affairs it is; events with the same one are handled one after another. */
  subject: string;
  /** As it came. */
  payload: string;
  occurredAt: Date;
}

/** Keeps an event once, however often it comes. True when it is new. */
export async function recordInboxEvent(db: Database, event: ReceivedEvent, now: Date): Promise<boolean> {
  const rows = await db.$queryRaw<{ deliveries: number }[]>`
    INSERT INTO inbox_events (source, event_id, type, subject, payload, occurred_at, received_at, due_at)
    VALUES (${event.source}::inbox_source, ${event.eventId}, ${event.type}, ${event.subject}, ${event.payload},
            ${event.occurredAt}, ${now}, ${now})
    ON CONFLICT (source, event_id) DO UPDATE SET deliveries = inbox_events.deliveries + 1
    RETURNING deliveries`;
  return rows[0]?.deliveries === 1;
}

export interface RefusedDeliveries {
  source: InboxSource;
  reason: string;
  minute: Date;
  count: number;
}

/** Counts deliveries that were refused. */
export async function recordRefusals(
  db: Database,
  { source, reason, minute, count }: RefusedDeliveries,
): Promise<void> {
  await db.$executeRaw`
    INSERT INTO inbox_refusals (source, reason, minute, count)
    VALUES (${source}::inbox_source, ${reason}, ${minute}, ${count})
    ON CONFLICT (source, reason, minute) DO UPDATE SET count = inbox_refusals.count + EXCLUDED.count`;
}

export interface InboxSubject {
  source: InboxSource;
  subject: string;
}

/** Subjects whose oldest waiting event is due. A later event never overtakes it. */
export async function listDueSubjects(db: Database, now: Date, limit: number): Promise<InboxSubject[]> {
  return db.$queryRaw<InboxSubject[]>`
    SELECT source::text AS source, subject FROM (
      SELECT DISTINCT ON (source, subject) source, subject, due_at, id FROM inbox_events
      WHERE state = 'waiting' ORDER BY source, subject, occurred_at, id
    ) AS heads
    WHERE due_at <= ${now} ORDER BY due_at, id LIMIT ${limit}`;
}

/** `busy`: another worker is at this subject. */
export type InboxOutcome = "done" | "failed" | "nothing" | "busy";

/** Longest that handling one event may take, with its look at the vendor, ms. */
const HANDLE_TIMEOUT_MS = 30_000;

/**
 * Handles a subject's oldest waiting event: what `handle` writes and that the event is done is one transaction, so that
 * a crash at any line leaves the event as it was. A failure is kept with the event, which waits for its next attempt or
 * is parked; `onFailure` gets what was thrown.
 */
export async function handleNextEvent(
  db: Database,
  { source, subject }: InboxSubject,
  options: {
    now: () => Date;
    handle: (tx: Transaction, event: InboxEventRecord) => Promise<void>;
    onFailure: (event: InboxEventRecord, error: unknown) => void;
  },
): Promise<InboxOutcome> {
  const { now, handle, onFailure } = options;
  let current: InboxEventRecord | null = null;
  try {
    return await db.$transaction(
      async (tx) => {
        const [lock] = await tx.$queryRaw<{ free: boolean }[]>`
          SELECT pg_try_advisory_xact_lock(hashtextextended(${`inbox/${source}/${subject}`}, 0)) AS free`;
        if (lock?.free !== true) return "busy";
        current = await tx.inboxEvent.findFirst({
          where: { source, subject, state: "waiting" },
          orderBy: [{ occurredAt: "asc" }, { id: "asc" }],
        });
        if (current === null || current.dueAt > now()) return "nothing";
        await handle(tx, current);
        await tx.inboxEvent.update({
          where: { id: current.id },
          data: { state: "done", doneAt: now(), attempts: current.attempts + 1, error: null },
        });
        return "done";
      },
      { maxWait: 5_000, timeout: HANDLE_TIMEOUT_MS },
    );
  } catch (error) {
    // TypeScript does not follow the assignment inside the transaction.
    const event = current as InboxEventRecord | null;
    if (event === null) throw error;
    onFailure(event, error);
    await noteFailure(db, event, error, now());
    return "failed";
  }
}

async function noteFailure(db: Database, event: InboxEventRecord, error: unknown, now: Date): Promise<void> {
  const attempts = event.attempts + 1;
  const next = nextAttemptMs(attempts, now.getTime());
  await db.inboxEvent.updateMany({
    where: { id: event.id, state: "waiting", attempts: event.attempts },
    data: {
      attempts,
      // The kind of error, not its text: that may quote what a customer or vendor sent.
      error: error instanceof Error ? error.name : "unknown",
      ...(next === null ? { state: "parked" as const } : { dueAt: new Date(next) }),
    },
  });
}
