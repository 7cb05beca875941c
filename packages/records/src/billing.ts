import {
  entitledTier,
  isDeleteDue,
  nextDunning,
  WARN_DAYS,
  type Dunning,
  type DunningEvent,
} from "@automna/core/billing/dunning";
import { serviceStop, type ServiceFacts } from "@automna/core/billing/service";
import {
  standingOf,
  subscriptionStatuses,
  type Standing,
  type SubscriptionFacts,
  type SubscriptionStatus,
} from "@automna/core/billing/subscription-state";
import { DAY_MS } from "@automna/core/shared/clock";
import type { Tier } from "@automna/core/tiers/catalogue";
import type { Prisma } from "@automna/prisma/generated/client";
import { serveAgent, toTier } from "./agents.ts";
import { appendAudit } from "./audit.ts";
import { endExpiredComps, readCompedFacts } from "./comped-tiers.ts";
import type { Database, Transaction } from "./database.ts";
import { enqueueDunningMail } from "./dunning-mail.ts";
import { appendOutbox, type OutboxNews, type OutboxType } from "./outbox.ts";

export type SubscriptionRecord = Prisma.SubscriptionGetPayload<object>;
export type EntitlementRecord = Prisma.EntitlementGetPayload<object>;

/** A subscription as Stripe tells it. */
export interface FetchedSubscription {
  id: string;
  userId: string;
  tier: Tier | null;
  /** The plan of the next period, where it is another one. */
  nextTier: Tier | null;
  status: SubscriptionStatus;
  periodStart: Date;
  periodEnd: Date;
  endsAtPeriodEnd: boolean;
  endedAt: Date | null;
  /** Null = never had a trial. */
  trialEndsAt: Date | null;
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
  /** Null = no step of dunning was taken. */
  event: DunningEvent | null;
  /** Agents whose wish was changed. */
  agentIds: string[];
}

/** Whoever decides by a user's plan, or changes it, does so one after another: the second waits here. */
export async function lockBilling(tx: Transaction, userId: string): Promise<void> {
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`billing/${userId}`}, 0))::text`;
}

/**
 * Takes the next step of a user's dunning, with all that goes with it, in the caller's transaction: the entitlement, the
 * agents' wishes, the audit and what others should hear. Taking it twice changes nothing more.
 */
export async function settleUser(tx: Transaction, userId: string, now: Date): Promise<SettledUser> {
  await lockBilling(tx, userId);
  await endExpiredComps(tx, userId, now);
  const { subscriptions, before, deletion } = await readBilling(tx, userId);
  const standing = standingOf(subscriptions);
  const isAccountEnding = deletion !== null;
  const isErased = deletion !== null && deletion.erasedAt !== null;
  if (before === null && standing.kind === "nothing" && !standing.everPaid)
    return {
      event: null,
      agentIds: await serveAgents(tx, userId, { isExpired: isErased, tier: null, isAccountEnding }),
    };
  const current = toDunning(before);
  const { dunning, event } = nextDunning(current, standing, now.getTime());
  const tier = entitledTier(dunning, standing);
  const data = {
    tier,
    dunning: dunning.state,
    deadline: dunning.deadlineMs === null ? null : new Date(dunning.deadlineMs),
    updatedAt: now,
    ...(event === null ? {} : { since: now }),
  };
  await tx.entitlement.upsert({ where: { userId }, create: { userId, since: now, ...data }, update: data });
  const agentIds = await serveAgents(tx, userId, {
    isExpired: isErased || dunning.state === "expired",
    tier,
    isAccountEnding,
    dunning: dunning.state,
    standing,
  });
  if (event !== null) await appendAudit(tx, { userId, action: event, subject: userId, data: { tier } });
  if (tier !== (before?.tier ?? null))
    await appendAudit(tx, {
      userId,
      action: "billing.tier_changed",
      subject: userId,
      data: { from: before?.tier ?? null, to: tier },
    });
  // Who leaves hears of that alone.
  if (!isAccountEnding) {
    if (event !== null) await enqueueDunningMail(tx, { userId, event, before: current, after: dunning, now });
    await tellOfDunning(tx, { userId, dunning, event, tier, standing, now });
  }
  return { event, agentIds };
}

/** What a user may have now, from what is written down. Decides nothing and changes nothing. */
export async function readServiceFacts(
  db: Database | Transaction,
  userId: string,
): Promise<Omit<ServiceFacts, "freeTier">> {
  const { subscriptions, before, deletion } = await readBilling(db, userId);
  return {
    dunning: toDunning(before).state,
    standing: standingOf(subscriptions),
    isAccountEnding: deletion !== null,
  };
}

async function readBilling(db: Database | Transaction, userId: string) {
  // One after another: a transaction has one connection.
  const paid = await db.subscription.findMany({ where: { userId } });
  const subscriptions = [...paid.map(toFacts), ...(await readCompedFacts(db, userId))];
  const before = await db.entitlement.findUnique({ where: { userId } });
  const deletion = await db.accountDeletion.findUnique({ where: { userId } });
  return { subscriptions, before, deletion };
}

/** Users with a step of dunning that is due, or a deletion that they have not heard of. */
export async function listDueUsers(db: Database, now: Date, limit: number): Promise<string[]> {
  const warnFrom = new Date(now.getTime() + WARN_DAYS * DAY_MS);
  const rows = await db.$queryRaw<{ user_id: string }[]>`
    SELECT e.user_id
    FROM entitlements e
    WHERE e.deadline <= ${now}
       OR (e.dunning = 'asleep' AND e.deadline <= ${warnFrom}
           AND NOT EXISTS (SELECT FROM account_deletions d WHERE d.user_id = e.user_id)
           AND NOT EXISTS (SELECT FROM outbox_events o
                           WHERE o.key = 'billing.delete_due/' || e.user_id || '/' || (extract(epoch FROM e.deadline) * 1000)::bigint))
    ORDER BY e.deadline
    LIMIT ${limit}`;
  return rows.map(({ user_id: userId }) => userId);
}

async function tellOfDunning(
  tx: Transaction,
  step: {
    userId: string;
    dunning: Dunning;
    event: DunningEvent | null;
    tier: Tier | null;
    standing: Standing;
    now: Date;
  },
): Promise<void> {
  const { userId, dunning, event, tier, standing, now: at } = step;
  const tell = <Type extends OutboxType>(type: Type, data: OutboxNews<Type>["data"], causeMs: number) =>
    appendOutbox(tx, { key: `${type}/${userId}/${causeMs}`, type, userId, data, at });
  const deadlineMs = dunning.deadlineMs ?? at.getTime();
  switch (event) {
    case "billing.grace_started":
      await tell("billing.payment_failed", { tier, sleepAtMs: deadlineMs }, deadlineMs);
      break;
    case "billing.put_to_sleep": {
      const why = serviceStop({ dunning: dunning.state, standing, isAccountEnding: false }) ?? "plan_ended";
      await tell("billing.put_to_sleep", { why, deleteAtMs: deadlineMs }, deadlineMs);
      break;
    }
    case "billing.expired":
      await tell("billing.expired", {}, at.getTime());
      break;
    case "billing.restored":
      await tell("billing.restored", { tier }, at.getTime());
      break;
    case null:
  }
  if (isDeleteDue(dunning, at.getTime())) await tell("billing.delete_due", { deleteAtMs: deadlineMs }, deadlineMs);
}

interface UserService {
  isExpired: boolean;
  tier: Tier | null;
  isAccountEnding: boolean;
  dunning?: Dunning["state"];
  standing?: Standing;
}

/** Makes the agents' wishes what the user's service says. Returns those that changed. */
async function serveAgents(tx: Transaction, userId: string, service: UserService): Promise<string[]> {
  const { isExpired, tier, isAccountEnding, dunning = "clear", standing = nothing } = service;
  const stop = serviceStop({ dunning, standing, isAccountEnding });
  const agents = await tx.agent.findMany({
    where: { userId, desired: { not: "deleted" } },
    select: { id: true },
    orderBy: { id: "asc" },
  });
  const changed: string[] = [];
  for (const { id } of agents) if (await serveAgent(tx, id, { isExpired, stop, tier })) changed.push(id);
  return changed;
}

const nothing: Standing = { kind: "nothing", everPaid: false };

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

/** Stripe may add statuses; what we do not know is not paid. */
export function toStatus(name: string): SubscriptionStatus {
  return subscriptionStatuses.find((status) => status === name) ?? "incomplete";
}
