import type { BillingView } from "@automna/contract/billing";
import { sellableTiers } from "@automna/core/billing/price-keys";
import { standingOf, type Standing } from "@automna/core/billing/subscription-state";
import { tierCatalogue, type Tier } from "@automna/core/tiers/catalogue";
import { BLOCK_CREDITS, BLOCK_PRICE_CENTS } from "@automna/core/credits/prices";
import { serviceFor } from "@automna/core/billing/service";
import { toTier } from "@automna/records/agents";
import { readServiceFacts, toStatus, type SubscriptionRecord } from "@automna/records/billing";
import type { Database } from "@automna/records/database";

/** How a customer stands, from our own records alone. */
export async function readBilling(
  db: Database,
  userId: string,
  { isAvailable, trialDays, freeTier }: { isAvailable: boolean; trialDays: number; freeTier: Tier | null },
): Promise<BillingView> {
  const [entitlement, all] = await Promise.all([
    db.entitlement.findUnique({ where: { userId } }),
    db.subscription.findMany({ where: { userId }, orderBy: { periodStart: "asc" } }),
  ]);
  const current = choosePlanSubscription(all);
  const service = serviceFor({ ...(await readServiceFacts(db, userId)), freeTier });
  return {
    isAvailable,
    tier: toTier(entitlement?.tier ?? null),
    dunning: entitlement?.dunning ?? "clear",
    refusal: service.kind === "refused" ? service.why : null,
    deadlineMs: entitlement?.deadline?.getTime() ?? null,
    subscriptions: all.filter(({ endedAt }) => endedAt === null).map(toSubscriptionView),
    plan: current === null ? null : toSubscriptionView(current),
    offers: sellableTiers.map((tier) => {
      const { label, monthlyPriceCents, memoryMb, creditsPerMonth } = tierCatalogue[tier];
      return { tier, label, priceCents: monthlyPriceCents ?? 0, memoryMb, creditsPerMonth };
    }),
    pack: { credits: BLOCK_CREDITS, priceCents: BLOCK_PRICE_CENTS },
    trialDays: all.length === 0 ? trialDays : 0,
  };
}

/** The subscription that a change of plan is about: of several the one with the highest plan that runs. Null = none runs. */
export function choosePlanSubscription(subscriptions: readonly SubscriptionRecord[]): SubscriptionRecord | null {
  const running = subscriptions.filter(({ endedAt, status }) => endedAt === null && status !== "incomplete");
  const [first] = running;
  if (first === undefined) return null;
  const standing = standingOf(running.map(toFacts));
  return running.find(({ tier }) => standing.kind !== "nothing" && tier === standing.tier) ?? first;
}

export async function readStanding(db: Database, userId: string): Promise<Standing> {
  return standingOf((await db.subscription.findMany({ where: { userId } })).map(toFacts));
}

function toSubscriptionView(record: SubscriptionRecord): NonNullable<BillingView["plan"]> {
  const { tier, nextTier, status, periodEnd, endsAtPeriodEnd, trialEndsAt } = record;
  return {
    tier: toTier(tier),
    nextTier: toTier(nextTier),
    status,
    periodEndMs: periodEnd.getTime(),
    endsAtPeriodEnd,
    trialEndsMs: status === "trialing" ? (trialEndsAt?.getTime() ?? null) : null,
  };
}

function toFacts({ tier, status, periodEnd, endsAtPeriodEnd, endedAt }: SubscriptionRecord) {
  return {
    tier: toTier(tier),
    status: toStatus(status),
    periodEndMs: periodEnd.getTime(),
    endsAtPeriodEnd,
    endedAtMs: endedAt?.getTime() ?? null,
  };
}
