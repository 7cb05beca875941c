import { monthlyPeriod } from "@automna/core/credits/period";
import type { LedgerOperation } from "@automna/core/credits/operations";
import type { Clock } from "@automna/core/shared/clock";
import { tierCatalogue } from "@automna/core/tiers/catalogue";
import { findComp, listCompedUsers } from "@automna/records/comped-tiers";
import { postOperations } from "@automna/records/credits/post-operations";
import type { Database } from "@automna/records/database";
import type { Pool } from "@automna/records/pool";
import { toTier } from "../agents/to-agent-view.ts";

export interface CompedMonthDeps {
  db: Database;
  pool: Pool;
  now: Clock;
}

/** Gives everybody with a plan that they don't pay for the credits of the month that has begun. */
export async function grantCompedMonths(deps: CompedMonthDeps): Promise<void> {
  for (const userId of await listCompedUsers(deps.db, new Date(deps.now()))) await grantCompedMonth(deps, userId);
}

/**
 * Gives a customer the monthly credits of the plan that they were given, beside those of a plan that they pay for. Months
 * count from the day of sign-up and end with their credits; what was given stays when the plan ends. Of plans given one
 * after another in a month the dearest counts: giving one anew brings nothing more. Safe to call at any time.
 */
export async function grantCompedMonth({ db, pool, now }: CompedMonthDeps, userId: string): Promise<void> {
  const atMs = now();
  const comp = await findComp(db, userId, new Date(atMs));
  if (comp === null) return;
  const { createdAt } = await db.user.findUniqueOrThrow({ where: { id: userId }, select: { createdAt: true } });
  const period = monthlyPeriod(createdAt.getTime(), atMs);
  const tier = toTier(comp.tier);
  const keyOf = (name: string) => `comp:${period.startMs}:${name}`;
  const given = await db.creditGrant.findMany({ where: { userId, key: { startsWith: keyOf("") } } });
  const credits = tierCatalogue[tier].creditsPerMonth - given.reduce((sum, grant) => sum + grant.credits, 0);
  if (credits <= 0) return;
  const operations: LedgerOperation[] = [
    {
      type: "grant",
      userId,
      key: keyOf(tier),
      credits,
      source: "monthly",
      expiresAtMs: period.endMs,
      facts: { comp: comp.id },
    },
  ];
  // Of a customer who pays, too, the month begins with the paid invoice.
  if ((await db.subscription.count({ where: { userId, endedAt: null } })) === 0)
    operations.unshift({
      type: "renew",
      userId,
      key: "",
      credits: 0,
      periodStartMs: period.startMs,
      periodEndMs: period.endMs,
    });
  await postOperations(pool, operations, atMs);
}
