import type { CustomerView } from "@automna/contract/admin";
import { appError } from "@automna/contract/error-catalogue";
import { agentAbilities } from "@automna/core/agents/agent-abilities";
import { listAgentsOfUser, type AgentRecord } from "@automna/records/agents";
import { toTier } from "@automna/records/agents";
import { findComp } from "@automna/records/comped-tiers";
import { findAccount } from "@automna/records/credits/account";
import type { Database } from "@automna/records/database";
import type { Pool } from "@automna/records/pool";
import { findSupport } from "./support-records.ts";

export interface ReadCustomerDeps {
  db: Database;
  pool: Pool;
  sells: boolean;
}

/** All that an operator sees of a customer at a glance. Throws `customer_not_found`. */
export async function readCustomer(
  { db, pool, sells }: ReadCustomerDeps,
  userId: string,
  now: Date,
): Promise<CustomerView> {
  const user = await db.user.findUnique({
    where: { id: userId },
    include: { suspension: true, entitlement: true, billing: true },
  });
  if (user === null) throw appError("customer_not_found");
  const [subscriptions, agents, account, comp, support] = await Promise.all([
    db.subscription.findMany({ where: { userId }, orderBy: { periodStart: "desc" } }),
    listAgentsOfUser(db, userId),
    findAccount(pool, userId),
    findComp(db, userId, now),
    findSupport(db, userId, now),
  ]);
  const { suspension, entitlement } = user;
  return {
    user: {
      id: user.id,
      email: user.email,
      name: user.name,
      issuer: user.issuer,
      state: user.state,
      createdAtMs: user.createdAt.getTime(),
      stripeCustomerId: user.billing?.customerId ?? null,
    },
    suspension:
      suspension === null
        ? null
        : { reason: suspension.reason, operatorId: suspension.operatorId, atMs: suspension.at.getTime() },
    plan: {
      tier: toTier(entitlement?.tier ?? null),
      dunning: entitlement?.dunning ?? "clear",
      deadlineMs: entitlement?.deadline?.getTime() ?? null,
      comp: comp === null ? null : { tier: toTier(comp.tier), expiresAtMs: comp.expiresAt.getTime() },
      subscriptions: subscriptions.map(({ id, tier, status, periodEnd, endsAtPeriodEnd }) => ({
        id,
        tier: toTier(tier),
        status,
        periodEndMs: periodEnd.getTime(),
        endsAtPeriodEnd,
      })),
    },
    credits: {
      available: account?.balances.available ?? 0,
      held: account?.balances.held ?? 0,
      spent: account?.balances.spent ?? 0,
    },
    agents: agents.map(toAgent),
    support:
      support === null
        ? null
        : {
            id: support.id,
            operatorId: support.operatorId,
            reason: support.reason,
            endsAtMs: support.endsAt.getTime(),
          },
    sells,
  };
}

function toAgent({ id, name, phase, desired, phaseSince, reason }: AgentRecord): CustomerView["agents"][number] {
  const abilities = desired === "deleted" ? [] : [...agentAbilities(phase)];
  return { id, name, phase, desired, phaseSinceMs: phaseSince.getTime(), reason, abilities };
}
