import { MINUTE_MS, type Clock } from "@automna/core/shared/clock";
import { warnOfUsedCredits } from "@automna/records/credits/warnings";
import { sweepCredits } from "@automna/records/credits/sweep";
import type { Pool } from "@automna/records/pool";
import type { Logger } from "@automna/service-kit/log";

export interface CreditSweepDeps {
  pool: Pool;
  now: Clock;
  log: Logger;
  everyMs?: number;
}

/**
 * Releases overdue holds, ends expired grants and warns of used credits each minute. Several apis may do so at once: what one has done the other
 * finds done. Answers how to stop it; that waits for the sweep under way.
 */
export function startCreditSweep({ pool, now, log, everyMs = MINUTE_MS }: CreditSweepDeps): () => Promise<void> {
  let running: Promise<void> | null = null;
  const sweep = async () => {
    try {
      const swept = await sweepCredits(pool, now());
      const done = { ...swept, warnings: await warnOfUsedCredits(pool, now()) };
      if (done.holds + done.grants + done.warnings > 0) log.info(done, "credits swept");
    } catch (error) {
      // The next minute finds the same work; a database that is away is nobody's fault here.
      log.warn({ err: error }, "credits not swept");
    } finally {
      running = null;
    }
  };
  const timer = setInterval(() => {
    running ??= sweep();
  }, everyMs);
  return async () => {
    clearInterval(timer);
    await running;
  };
}
