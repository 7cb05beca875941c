import type { Pool } from "pg";
import type { NotifyPayload } from "@automna/contract/events";
import { notify, transactionLimits, type Database } from "./database.ts";

/** Ends a session once; its sockets and cached tokens follow within 2 s (design D11). */
export async function endSession(db: Database, sessionId: string, now: Date): Promise<void> {
  await db.$transaction(async (tx) => {
    const ended = await tx.session.updateMany({ where: { id: sessionId, endedAt: null }, data: { endedAt: now } });
    if (ended.count === 0) return;
    const session = await tx.session.findUniqueOrThrow({ where: { id: sessionId } });
    await notify(tx, "session_ended", { sessionId, userId: session.userId });
  }, transactionLimits);
}

/**
 * Sessions that ended and API keys that were revoked within `sinceMs`: longer than a token lives, so that every token of
 * them is known as ended.
 */
export async function listEndedSessions(pool: Pool, sinceMs: number): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `SELECT id FROM sessions WHERE ended_at > now() - $1 * interval '1 millisecond'
     UNION ALL SELECT id FROM api_keys WHERE revoked_at > now() - $1 * interval '1 millisecond'`,
    [sinceMs],
  );
  return rows.map((row) => row.id);
}

/** Tells every ingress process of a fresh token. It needs no right on any table. */
export async function announceSessionSeen(pool: Pool, seen: NotifyPayload<"session_seen">): Promise<void> {
  await pool.query({
    name: "session-seen",
    text: "SELECT pg_notify('session_seen', $1)",
    values: [JSON.stringify(seen)],
  });
}
