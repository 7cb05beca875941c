import { HOUR_MS, MINUTE_MS, type Clock } from "@automna/core/shared/clock";
import type { Database } from "@automna/records/database";
import type { Pool } from "@automna/records/pool";
import type { Logger } from "@automna/service-kit/log";
import type { Stripe } from "stripe";
import { grantCompedMonths } from "../credits/grant-comped-month.ts";
import { reconcileBilling, takeDueSteps } from "./reconcile-billing.ts";
import { reportOverage } from "./report-overage.ts";

export interface BillingClockOptions {
  db: Database;
  pool: Pool;
  stripe: Stripe | null;
  log: Logger;
  now: Clock;
  hint: (agentId: string) => Promise<void>;
}

const STEPS_EVERY_MS = 5 * MINUTE_MS;
const RECONCILE_EVERY_MS = 24 * HOUR_MS;

/**
 * Takes the steps of dunning that fall due, begins the months of given plans, reports overage, and once a day compares everything with Stripe. Several
 * processes may do so at once: the day's comparison is done by one of them, also after a restart.
 */
export function makeBillingClock(options: BillingClockOptions): { close: () => Promise<void> } {
  const { db, pool, stripe, log, now, hint } = options;
  let running: Promise<void> | null = null;

  const tick = async (): Promise<void> => {
    await takeDueSteps({ db, now, hint });
    await grantCompedMonths({ db, pool, now });
    if (stripe === null) return;
    await reportOverage({ db, pool, stripe, now });
    if (!(await claimReconciliation(db, now()))) return;
    const differences = await reconcileBilling({ db, pool, stripe, now, hint });
    for (const difference of differences) log.warn(difference, "billing differed from Stripe");
    log.info({ differences: differences.length }, "billing reconciled");
  };
  const timer = setInterval(() => {
    running ??= tick()
      .catch((error: unknown) => log.error({ err: error }, "billing could not be settled"))
      .finally(() => (running = null));
  }, STEPS_EVERY_MS);

  return {
    async close() {
      clearInterval(timer);
      await running;
    },
  };
}

/** True for the one process that reconciles today. The claim is an audit event, which outlives every process. */
export async function claimReconciliation(db: Database, nowMs: number): Promise<boolean> {
  const since = new Date(nowMs - RECONCILE_EVERY_MS);
  const claimed = await db.$executeRaw`
    WITH one AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(hashtextextended('billing/reconcile', 0)) AS free)
    INSERT INTO audit_events (action, subject, at)
    SELECT 'billing.reconciliation_due', 'billing', ${new Date(nowMs)} FROM one
    WHERE free AND NOT EXISTS (
      SELECT FROM audit_events WHERE subject = 'billing' AND action = 'billing.reconciliation_due' AND at > ${since})`;
  return claimed === 1;
}
