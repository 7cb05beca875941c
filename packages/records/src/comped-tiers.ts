import type { SubscriptionFacts } from "@automna/core/billing/subscription-state";
import type { Tier } from "@automna/core/tiers/catalogue";
import type { CompedTier } from "@automna/prisma/generated/client";
import { toTier } from "./agents.ts";
import type { Database, Transaction } from "./database.ts";

/**
 * Plans that a customer has or had without paying, as decisions about their standing see subscriptions: paid until they
 * end, and then ended like one that was cancelled.
 */
export async function readCompedFacts(db: Database | Transaction, userId: string): Promise<SubscriptionFacts[]> {
  const comps = await db.compedTier.findMany({ where: { userId } });
  return comps.map(({ tier, expiresAt, endedAt }) => ({
    tier: toTier(tier),
    status: endedAt === null ? "active" : "canceled",
    periodEndMs: expiresAt.getTime(),
    endsAtPeriodEnd: true,
    endedAtMs: endedAt?.getTime() ?? null,
  }));
}

/** Notes the end of those that have run out; settling the user follows it. */
export async function endExpiredComps(tx: Transaction, userId: string, now: Date): Promise<void> {
  await tx.compedTier.updateMany({ where: { userId, endedAt: null, expiresAt: { lte: now } }, data: { endedAt: now } });
}

/** Customers whose comped plan has run out and who were not settled since. */
export async function listUsersWithEndedComps(db: Database, now: Date): Promise<string[]> {
  const rows = await db.compedTier.findMany({
    where: { endedAt: null, expiresAt: { lte: now } },
    select: { userId: true },
    take: 1_000,
  });
  return rows.map(({ userId }) => userId);
}

/** Customers who have a comped plan now. */
export async function listCompedUsers(db: Database, now: Date): Promise<string[]> {
  const rows = await db.compedTier.findMany({
    where: { endedAt: null, expiresAt: { gt: now } },
    select: { userId: true },
    distinct: ["userId"],
  });
  return rows.map(({ userId }) => userId);
}

/** The comped plan of now; null = none. */
export async function findComp(db: Database | Transaction, userId: string, now: Date): Promise<CompedTier | null> {
  return db.compedTier.findFirst({ where: { userId, endedAt: null, expiresAt: { gt: now } } });
}

/** Gives a plan until `expiresAt`, in place of one that was given before. The same id again changes nothing. */
export async function beginComp(
  tx: Transaction,
  comp: { id: string; userId: string; tier: Tier; expiresAt: Date },
  now: Date,
): Promise<void> {
  await endComp(tx, comp.userId, now, comp.id);
  await tx.compedTier.createMany({ data: [{ ...comp, startedAt: now }], skipDuplicates: true });
}

/** Ends the comped plan, except the one with this id. */
export async function endComp(tx: Transaction, userId: string, now: Date, exceptId = ""): Promise<void> {
  await tx.compedTier.updateMany({ where: { userId, endedAt: null, id: { not: exceptId } }, data: { endedAt: now } });
}
