import { requestDeletion } from "./account-deletions.ts";
import { appendAudit } from "./audit.ts";
import { notify, type Transaction } from "./database.ts";
import { welcomeUser } from "./welcome-user.ts";

export interface UserProfile {
  userId: string;
  email: string;
  name: string;
  isBanned: boolean;
}

/** Writes down how Clerk describes a user. A deleted one stays deleted. */
export async function putClerkUser(tx: Transaction, { userId, email, name, isBanned }: UserProfile): Promise<void> {
  const known = await tx.user.findUnique({ where: { id: userId }, select: { state: true, email: true } });
  if (known?.state === "deleted") return;
  // An operator's suspension is ours to end, whatever Clerk thinks of the user.
  const isSuspended = isBanned || (await tx.suspension.count({ where: { userId } })) > 0;
  const state = isSuspended ? "suspended" : "active";
  await tx.user.upsert({
    where: { id: userId },
    create: { id: userId, issuer: "clerk", email, name, state },
    update: { email, name, state },
  });
  if (!isReachable(known?.email) && isReachable(email)) await welcomeUser(tx, userId);
  if (known !== null && known.state !== state) await notify(tx, "user_changed", { userId });
}

/** The account is gone at Clerk: nobody gets in, the agents stop, and the data stays for the promised delay. Twice changes nothing. */
export async function markUserDeleted(tx: Transaction, userId: string, now: Date): Promise<string[]> {
  // Also one that we never met: a token that is still good must not make an account of it.
  await tx.user.createMany({
    data: [{ id: userId, issuer: "clerk", email: `${userId}@deleted.invalid`, state: "deleted" }],
    skipDuplicates: true,
  });
  const changed = await tx.user.updateMany({
    where: { id: userId, state: { not: "deleted" } },
    // The address is free for a new account; this one can't exist (RFC 2606) and is unique.
    data: { state: "deleted", email: `${userId}@deleted.invalid`, name: "" },
  });
  if (changed.count === 0) return [];
  await tx.session.updateMany({ where: { userId, endedAt: null }, data: { endedAt: now } });
  await appendAudit(tx, { userId, action: "user.deleted", subject: userId });
  await notify(tx, "user_changed", { userId });
  return requestDeletion(tx, { userId, askedBy: "issuer" }, now);
}

/** Remembers that a session ended, also one whose tokens we never saw, until they would have run out anyway. */
export async function endClerkSession(
  tx: Transaction,
  session: { sessionId: string; userId: string; expiresAt: Date },
  now: Date,
): Promise<void> {
  const { sessionId, userId, expiresAt } = session;
  if ((await tx.user.findUnique({ where: { id: userId }, select: { id: true } })) === null) return;
  await tx.session.createMany({ data: [{ id: sessionId, userId, expiresAt }], skipDuplicates: true });
  const ended = await tx.session.updateMany({
    where: { id: sessionId, userId, endedAt: null },
    data: { endedAt: now },
  });
  if (ended.count > 0) await notify(tx, "session_ended", { sessionId, userId });
}

/** A session token says nothing of the profile: until it is known the address is one that can't exist (RFC 2606). */
function isReachable(email: string | undefined): boolean {
  return email !== undefined && !email.endsWith(".invalid");
}
