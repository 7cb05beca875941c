import { nextDunning, entitledTier, type Dunning, type DunningEvent } from "@automna/core/billing/dunning";
import {
  standingOf,
  subscriptionStatuses,
  type SubscriptionFacts,
  type SubscriptionStatus,
} from "@automna/core/billing/subscription-state";
import { tiers, type Tier } from "@automna/core/tiers/catalogue";
import type { Prisma } from "@automna/prisma/generated/client";
import { appendAgentEvent, lockAgent } from "./agents.ts";
import { appendAudit } from "./audit.ts";
import { readCompedFacts } from "./comped-tiers.ts";
import type { Database, Transaction } from "./database.ts";

export type SubscriptionRecord = Prisma.SubscriptionGetPayload<object>;
export type EntitlementRecord = Prisma.EntitlementGetPayload<object>;

/** A subscription as Stripe tells it. */
export interface FetchedSubscription {
  id: string;
  userId: string;
  tier: Tier | null;
  status: SubscriptionStatus;
  periodStart: Date;
  periodEnd: Date;
  endsAtPeriodEnd: boolean;
  endedAt: Date | null;
}

/** Writes a subscription down as it was fetched at `now`. */
export async function putSubscription(
  tx: Transaction,
  { id, ...facts }: FetchedSubscription,
  now: Date,
): Promise<void> {
  const isOwed = facts.status === "past_due" || facts.status === "unpaid";
  const known = await tx.subscription.findUnique({ where: { id }, select: { unpaidSince: true } });
  const data = { ...facts, unpaidSince: isOwed ? (known?.unpaidSince ?? now) : null, fetchedAt: now };
  await tx.subscription.upsert({ where: { id }, create: { id, ...data }, update: data });
}

/** Which Stripe customer a user is; the first answer stays. Returns the customer that counts. */
export async function linkCustomer(db: Database | Transaction, userId: string, customerId: string): Promise<string> {
  await db.billingCustomer.createMany({ data: [{ userId, customerId }], skipDuplicates: true });
  return (await db.billingCustomer.findUniqueOrThrow({ where: { userId } })).customerId;
}

export interface SettledUser {
  /** Null = nothing to do. */
  event: DunningEvent | null;
  /** Agents whose wish was changed. */
  agentIds: string[];
}

/**
 * Takes the next step of a user's dunning, with all that goes with it, in the caller's transaction: the entitlement, the
 * agents' wishes and the audit. Taking it twice changes nothing more.
 */
export async function settleUser(tx: Transaction, userId: string, now: Date): Promise<SettledUser> {
  // Of two who settle the same user the second waits here and finds nothing left to do.
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`billing/${userId}`}, 0))::text`;
  const [subscriptions, before] = await Promise.all([
    tx.subscription.findMany({ where: { userId } }),
    tx.entitlement.findUnique({ where: { userId } }),
  ]);
  const standing = standingOf([...subscriptions.map(toFacts), ...(await readCompedFacts(tx, userId, now))]);
  if (before === null && standing.kind === "nothing" && !standing.everPaid) return { event: null, agentIds: [] };
  const current = toDunning(before);
  const { dunning, event } = nextDunning(current, standing, now.getTime());
  const tier = entitledTier(dunning, standing);
  const { stopped, changed } = await moveAgents(tx, userId, event, before?.stoppedAgentIds ?? []);
  const data = {
    tier,
    dunning: dunning.state,
    deadline: dunning.deadlineMs === null ? null : new Date(dunning.deadlineMs),
    stoppedAgentIds: stopped,
    updatedAt: now,
    ...(event === null ? {} : { since: now }),
  };
  await tx.entitlement.upsert({ where: { userId }, create: { userId, since: now, ...data }, update: data });
  if (event !== null) await appendAudit(tx, { userId, action: event, subject: userId, data: { tier } });
  if (tier !== (before?.tier ?? null))
    await appendAudit(tx, {
      userId,
      action: "billing.tier_changed",
      subject: userId,
      data: { from: before?.tier ?? null, to: tier },
    });
  return { event, agentIds: changed };
}

/** Users with a step of dunning that is due. */
export async function listDueUsers(db: Database, now: Date, limit: number): Promise<string[]> {
  const rows = await db.entitlement.findMany({
    where: { deadline: { lte: now } },
    orderBy: { deadline: "asc" },
    take: limit,
    select: { userId: true },
  });
  return rows.map(({ userId }) => userId);
}

async function moveAgents(
  tx: Transaction,
  userId: string,
  event: DunningEvent | null,
  stopped: string[],
): Promise<{ stopped: string[]; changed: string[] }> {
  switch (event) {
    case "billing.put_to_sleep": {
      const changed = await wishForAll(tx, { userId, desired: "running" }, "stopped");
      return { stopped: changed, changed };
    }
    case "billing.restored":
      // Only what dunning had stopped: who stopped the agent themselves want it so.
      return {
        stopped: [],
        changed: await wishForAll(tx, { userId, desired: "stopped", id: { in: stopped } }, "running"),
      };
    case "billing.delete_due":
      return { stopped: [], changed: await wishForAll(tx, { userId, desired: { not: "deleted" } }, "deleted") };
    case "billing.grace_started":
    case null:
      return { stopped, changed: [] };
  }
}

async function wishForAll(
  tx: Transaction,
  where: Prisma.AgentWhereInput,
  desired: "running" | "stopped" | "deleted",
): Promise<string[]> {
  const agents = await tx.agent.findMany({ where, select: { id: true }, orderBy: { id: "asc" } });
  for (const { id } of agents) {
    await lockAgent(tx, id);
    const changed = await tx.agent.update({ where: { id }, data: { desired, attempts: 0, retryAt: null } });
    await appendAgentEvent(tx, changed, `agent.${desired}_requested`, { by: "billing" });
  }
  return agents.map(({ id }) => id);
}

function toFacts({ tier, status, periodEnd, endsAtPeriodEnd, endedAt }: SubscriptionRecord): SubscriptionFacts {
  return {
    tier: toTier(tier),
    status: toStatus(status),
    periodEndMs: periodEnd.getTime(),
    endsAtPeriodEnd,
    endedAtMs: endedAt?.getTime() ?? null,
  };
}

function toDunning(entitlement: EntitlementRecord | null): Dunning {
  return entitlement === null
    ? { state: "clear", deadlineMs: null }
    : { state: entitlement.dunning, deadlineMs: entitlement.deadline?.getTime() ?? null };
}

/** A tier that a row names; null for one that the catalogue no longer has. */
export function toTier(name: string | null): Tier | null {
  return tiers.find((tier) => tier === name) ?? null;
}

/** Stripe may add statuses; what we do not know is not paid. */
export function toStatus(name: string): SubscriptionStatus {
  return subscriptionStatuses.find((status) => status === name) ?? "incomplete";
}
