import type { Clock } from "@automna/core/shared/clock";
import { tierCatalogue } from "@automna/core/tiers/catalogue";
import type { FetchedSubscription } from "@automna/records/billing";
import { findAccount } from "@automna/records/credits/account";
import { renewCredits } from "@automna/records/credits/credits";
import type { Pool } from "@automna/records/pool";
import type { Stripe } from "stripe";

export interface PaidMonthDeps {
  stripe: Pick<Stripe, "invoices">;
  pool: Pool;
  now: Clock;
}

type Month = Pick<FetchedSubscription, "userId" | "tier" | "status" | "periodStart" | "periodEnd">;

/**
 * Gives a plan's monthly credits when the invoice of the month is paid, once, however often it is asked. A change of
 * plan within the month leaves the month's credits as they are.
 */
export async function grantPaidMonth(
  { stripe, pool, now }: PaidMonthDeps,
  month: Month,
  latestInvoiceId: string | null,
): Promise<void> {
  const { userId, tier, status, periodStart, periodEnd } = month;
  if (tier === null || latestInvoiceId === null || (status !== "active" && status !== "trialing")) return;
  const account = await findAccount(pool, userId);
  if (account !== null && account.periodStartedAtMs !== null && account.periodStartedAtMs >= periodStart.getTime())
    return;
  // A subscription stays active while the invoice of its new month is still to be charged.
  const invoice = await stripe.invoices.retrieve(latestInvoiceId);
  const isOfThisMonth =
    invoice.lines.data.length === 0 ||
    invoice.lines.data.some(({ period }) => period.end * 1_000 >= periodEnd.getTime());
  if (invoice.status !== "paid" || !isOfThisMonth) return;
  const renewal = { periodStartMs: periodStart.getTime(), periodEndMs: periodEnd.getTime() };
  await renewCredits(pool, { userId, key: "", credits: tierCatalogue[tier].creditsPerMonth, ...renewal }, now());
}
