import type { Clock } from "@automna/core/shared/clock";
import { monthlyPeriod } from "@automna/core/credits/period";
import { tierCatalogue, type Tier } from "@automna/core/tiers/catalogue";
import { findAccount } from "@automna/records/credits/account";
import { renewCredits } from "@automna/records/credits/credits";
import type { Pool } from "@automna/records/pool";

/**
 * Begins the month of a customer whose tier nobody pays for; of the others the month begins with a paid invoice. Months
 * count from the day of sign-up. Safe to call at any time.
 */
export async function grantUnpaidMonth(
  pool: Pool,
  { userId, tier, sinceMs }: { userId: string; tier: Tier; sinceMs: number },
  now: Clock,
): Promise<void> {
  const { sale, creditsPerMonth } = tierCatalogue[tier];
  if (sale !== "internal") return;
  const period = monthlyPeriod(sinceMs, now());
  const account = await findAccount(pool, userId);
  if (account?.periodStartedAtMs === period.startMs) return;
  const renewal = { userId, credits: creditsPerMonth, periodStartMs: period.startMs, periodEndMs: period.endMs };
  await renewCredits(pool, { ...renewal, key: "" }, now());
}
