import { createHash, randomBytes } from "node:crypto";
import { appError } from "@automna/contract/error-catalogue";
import { DAY_MS } from "@automna/core/shared/clock";
import { appendAudit } from "@automna/records/audit";
import { transactionLimits, type Database, type Transaction } from "@automna/records/database";
import { welcomeUser } from "@automna/records/welcome-user";
import { newId } from "@automna/service-kit/new-id";

const SESSION_LIVES_MS = 30 * DAY_MS;

export interface LocalSession {
  userId: string;
  sessionId: string;
  sessionExpiresAtMs: number;
  email: string;
}

/** Opens a session for the person with this e-mail address, who is created on the first sign-in. Throws `forbidden` for a suspended one. */
export async function openLocalSession(
  db: Database,
  person: { email: string; name: string },
  now: number,
): Promise<LocalSession & { refreshSecret: string; lifetimeMs: number }> {
  const refreshSecret = randomBytes(32).toString("base64url");
  const sessionExpiresAtMs = now + SESSION_LIVES_MS;
  return db.$transaction(async (tx) => {
    const user = await findOrCreateUser(tx, person);
    if (user.state !== "active") throw appError("forbidden");
    await tx.session.deleteMany({ where: { userId: user.id, expiresAt: { lt: new Date(now) } } });
    const session = await tx.session.create({
      data: {
        id: newId("sess"),
        userId: user.id,
        refreshHash: refreshHash(refreshSecret),
        expiresAt: new Date(sessionExpiresAtMs),
      },
    });
    await appendAudit(tx, { userId: user.id, action: "session.opened", subject: session.id });
    const opened = { userId: user.id, sessionId: session.id, sessionExpiresAtMs, email: user.email };
    return { ...opened, refreshSecret, lifetimeMs: SESSION_LIVES_MS };
  }, transactionLimits);
}

async function findOrCreateUser(tx: Transaction, { email, name }: { email: string; name: string }) {
  const key = { issuer: "local", email: email.toLowerCase() };
  const newUserId = newId("user");
  const user = await tx.user.upsert({
    where: { issuer_email: key },
    create: { id: newUserId, ...key, name },
    update: name === "" ? {} : { name },
  });
  if (user.id === newUserId) await welcomeUser(tx, user.id);
  return user;
}

/** The session that a refresh secret belongs to. Throws `session_expired` when it ended, `not_signed_in` when there never was one. */
export async function findLocalSession(db: Database, refreshSecret: string, now: number): Promise<LocalSession> {
  const session = await db.session.findUnique({
    where: { refreshHash: refreshHash(refreshSecret) },
    include: { user: true },
  });
  if (session === null) throw appError("not_signed_in");
  if (session.endedAt !== null || session.expiresAt.getTime() <= now) throw appError("session_expired");
  if (session.user.state !== "active") throw appError("forbidden");
  const { userId, user, expiresAt } = session;
  return { userId, sessionId: session.id, sessionExpiresAtMs: expiresAt.getTime(), email: user.email };
}

/** Only the hash is stored: who reads the table can't sign in with it. */
function refreshHash(secret: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(createHash("sha256").update(secret).digest());
}
