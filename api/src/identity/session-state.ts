import { appError } from "@automna/contract/error-catalogue";
import type { SessionClaims } from "@automna/contract/identity";
import type { Database } from "@automna/records/database";

/** What the platform knows of a token's session and user. */
export interface SessionState {
  /** Null = nobody whom we know. */
  userState: "active" | "suspended" | "deleted" | null;
  hasSession: boolean;
  isEnded: boolean;
}

/**
 * Looks a session up, with each request anew: one indexed read, after which an ended session is refused at once, also
 * when the notification of it was missed.
 */
export async function readSessionState(
  db: Database,
  { sid, sub }: Pick<SessionClaims, "sid" | "sub">,
): Promise<SessionState> {
  const [row] = await db.$queryRaw<
    { state: "active" | "suspended" | "deleted"; session: string | null; ended: boolean }[]
  >`
    SELECT u.state::text AS state, s.id AS session, COALESCE(s.ended_at IS NOT NULL OR s.expires_at <= now(), false) AS ended
    FROM users u
    LEFT JOIN sessions s ON s.id = ${sid} AND s.user_id = u.id
    WHERE u.id = ${sub}`;
  if (row === undefined) return { userState: null, hasSession: false, isEnded: false };
  return { userState: row.state, hasSession: row.session !== null, isEnded: row.ended };
}

/** Throws `session_expired` for an ended session, `forbidden` for a suspended user, `not_signed_in` for a deleted or unknown one. */
export function assertSessionLive(state: SessionState): void {
  if (state.userState === null || state.userState === "deleted") throw appError("not_signed_in");
  if (state.isEnded) throw appError("session_expired");
  if (state.userState === "suspended") throw appError("forbidden");
}
