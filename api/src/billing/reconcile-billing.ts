import type { Database } from "@automna/records/database";
import { listDueUsers, settleUser } from "@automna/records/billing";
import { listUsersWithEndedComps } from "@automna/records/comped-tiers";
import { transactionLimits } from "@automna/records/database";
import type { Stripe } from "stripe";
import { toFetched } from "./fetch-subscription.ts";
import { refreshSubscription, type StripeInboxDeps } from "./stripe-inbox.ts";

export interface ReconcileDeps extends Omit<StripeInboxDeps, "stripe"> {
  stripe: Stripe;
  db: Database;
}

export interface BillingDifference {
  subscriptionId: string;
  /** What our records had, or null for a subscription that they lacked. */
  ours: string | null;
  theirs: string;
}

/**
 * Compares every subscription of Stripe's with ours and repairs what differs: the net under lost events. Then takes the
 * steps of dunning that are due. Lists what it repaired; nothing when no event was lost.
 */
export async function reconcileBilling(deps: ReconcileDeps): Promise<BillingDifference[]> {
  const { db, stripe } = deps;
  const differences: BillingDifference[] = [];
  for await (const subscription of stripe.subscriptions.list({ status: "all", limit: 100 })) {
    const difference = await findDifference(db, subscription);
    if (difference === null) continue;
    const isRepaired = await db.$transaction(
      async (tx) => {
        await refreshSubscription(tx, deps, subscription.id);
        return (await tx.subscription.findUnique({ where: { id: subscription.id } })) !== null;
      },
      { ...transactionLimits, timeout: 30_000 },
    );
    // A subscription of nobody we know is no difference of ours.
    if (isRepaired) differences.push(difference);
  }
  await takeDueSteps(deps);
  return differences;
}

/** Takes the steps of dunning whose time has come; several workers may do so at once. */
export async function takeDueSteps({ db, now, hint }: Pick<ReconcileDeps, "db" | "now" | "hint">): Promise<number> {
  const at = new Date(now());
  const due = [...new Set([...(await listDueUsers(db, at, 1_000)), ...(await listUsersWithEndedComps(db, at))])];
  for (const userId of due) {
    const { agentIds } = await db.$transaction((tx) => settleUser(tx, userId, new Date(now())), transactionLimits);
    for (const agentId of agentIds) await hint(agentId);
  }
  return due.length;
}

async function findDifference(db: Database, subscription: Stripe.Subscription): Promise<BillingDifference | null> {
  const { id, tier, status, periodEnd, endsAtPeriodEnd } = toFetched(subscription);
  const ours = await db.subscription.findUnique({ where: { id } });
  const theirs = describe({ tier, status, periodEnd, endsAtPeriodEnd });
  const mine = ours === null ? null : describe(ours);
  return mine === theirs ? null : { subscriptionId: id, ours: mine, theirs };
}

function describe({
  tier,
  status,
  periodEnd,
  endsAtPeriodEnd,
}: {
  tier: string | null;
  status: string;
  periodEnd: Date;
  endsAtPeriodEnd: boolean;
}): string {
  return `${tier ?? "no plan of ours"}, ${status}, until ${periodEnd.toISOString()}${endsAtPeriodEnd ? ", then ends" : ""}`;
}
