import { HOUR_MS, MINUTE_MS, type Clock } from "@automna/core/shared/clock";
import type { Database } from "@automna/records/database";
import type { Pool } from "@automna/records/pool";
import type { Logger } from "@automna/service-kit/log";
import type { Stripe } from "stripe";
import { reconcileBilling, takeDueSteps } from "./reconcile-billing.ts";

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

/** Takes the steps of dunning that fall due, and once a day compares everything with Stripe. Several processes may do so at once. */
export function makeBillingClock({ db, pool, stripe, log, now, hint }: BillingClockOptions): {
  close: () => Promise<void>;
} {
  let reconciledAtMs = now();
  let running: Promise<void> | null = null;

  const tick = async (): Promise<void> => {
    if (stripe === null || now() - reconciledAtMs < RECONCILE_EVERY_MS) {
      await takeDueSteps({ db, now, hint });
      return;
    }
    reconciledAtMs = now();
    const differences = await reconcileBilling({ db, pool, stripe, now, hint });
    for (const difference of differences) log.warn(difference, "subscription repaired: an event of it was lost");
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
