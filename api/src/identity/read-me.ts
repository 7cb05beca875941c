import type { Me, UserRole } from "@automna/contract/identity";
import { appError } from "@automna/contract/error-catalogue";
import type { Database } from "@automna/records/database";
import { readKeyView } from "../key/model-keys.ts";

/** The user with the last 4 of the key and the session, as GET /api/me shows them. */
export async function readMe(
  db: Database,
  session: { userId: string; sessionId: string; expiresAtMs: number; role: UserRole },
): Promise<Me> {
  const { userId, sessionId, expiresAtMs, role } = session;
  const user = await db.user.findUnique({ where: { id: userId }, select: { id: true, email: true, name: true } });
  if (user === null) throw appError("not_signed_in");
  return { user, key: await readKeyView(db, userId), session: { id: sessionId, expiresAtMs }, role };
}
