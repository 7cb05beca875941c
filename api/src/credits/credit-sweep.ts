import { MINUTE_MS, type Clock } from "@automna/core/shared/clock";
import { warnOfUsedCredits } from "@automna/records/credits/warnings";
import { sweepCredits } from "@automna/records/credits/sweep";
import type { Pool } from "@automna/records/pool";
import type { Logger } from "@automna/service-kit/log";
import { runEvery } from "@automna/service-kit/run-every";

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
  const sweep = async (): Promise<void> => {
    const swept = await sweepCredits(pool, now());
    const done = { ...swept, warnings: await warnOfUsedCredits(pool, now()) };
    if (done.holds + done.grants + done.warnings > 0) log.info(done, "credits swept");
  };
  return runEvery({ name: "credits", everyMs, log, work: sweep });
}
