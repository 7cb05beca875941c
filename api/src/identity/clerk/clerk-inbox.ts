import type { ClerkClient, User } from "@clerk/express";
import type { Clock } from "@automna/core/shared/clock";
import { DAY_MS } from "@automna/core/shared/clock";
import { isUserId } from "@automna/core/shared/ids";
import { endClerkSession, markUserDeleted, putClerkUser, type UserProfile } from "@automna/records/clerk-users";
import type { Transaction } from "@automna/records/database";
import { z } from "zod";
import type { HandleInboxEvent } from "../../webhooks/inbox-worker.ts";

export interface ClerkInboxDeps {
  clerk: Pick<ClerkClient, "users" | "sessions">;
  now: Clock;
  hint: (agentId: string) => Promise<void>;
}

const sessionSchema = z.object({
  data: z.object({ id: z.string(), user_id: z.string(), expire_at: z.number().optional() }),
});
/** Statuses of a session that goes on. */
const GOING_ON = new Set(["active", "pending"]);

/** Keeps users and sessions as Clerk has them: an event says whom to look at, Clerk's API says what is so. */
export function makeClerkInbox(deps: ClerkInboxDeps): HandleInboxEvent {
  return async (tx, { type, subject, payload }) => {
    if (type.startsWith("user.")) await refreshUser(tx, deps, subject);
    else if (type.startsWith("session.")) await refreshSession(tx, deps, payload);
  };
}

async function refreshUser(tx: Transaction, { clerk, now, hint }: ClerkInboxDeps, userId: string): Promise<void> {
  if (!isUserId(userId)) return;
  const user = await orNull(clerk.users.getUser(userId));
  if (user !== null) return putClerkUser(tx, toProfile(user));
  for (const agentId of await markUserDeleted(tx, userId, new Date(now()))) await hint(agentId);
}

async function refreshSession(tx: Transaction, { clerk, now }: ClerkInboxDeps, payload: string): Promise<void> {
  const { id, user_id: userId, expire_at: expireAt } = sessionSchema.parse(JSON.parse(payload)).data;
  const session = await orNull(clerk.sessions.getSession(id));
  if (session !== null && GOING_ON.has(session.status)) return;
  await endClerkSession(
    tx,
    { sessionId: id, userId, expiresAt: new Date(expireAt ?? now() + DAY_MS) },
    new Date(now()),
  );
}

function toProfile({ id, primaryEmailAddressId, emailAddresses, firstName, lastName, banned }: User): UserProfile {
  const primary = emailAddresses.find((address) => address.id === primaryEmailAddressId) ?? emailAddresses[0];
  const name = [firstName, lastName].filter((part) => part !== null && part !== "").join(" ");
  return { userId: id, email: primary?.emailAddress ?? `${id}@clerk.invalid`, name, isBanned: banned };
}

/** "Not there" and "could not look" are different things (S3). */
async function orNull<Value>(found: Promise<Value>): Promise<Value | null> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof Error && "status" in error && error.status === 404) return null;
    throw error;
  }
}
