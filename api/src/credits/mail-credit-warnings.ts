import { listUnmailedWarnings, markWarningMailed } from "@automna/records/credits/warnings";
import type { Database } from "@automna/records/database";
import { enqueueMail } from "@automna/records/mails";
import type { Pool } from "@automna/records/pool";

const BATCH = 100;

/** Writes a mail for every warning that has none. A crash between mail and mark leads to the same mail again, which is one. */
export async function mailCreditWarnings({ db, pool }: { db: Database; pool: Pool }, atMs: number): Promise<number> {
  let count = 0;
  for (;;) {
    const warnings = await listUnmailedWarnings(pool, BATCH);
    for (const warning of warnings) {
      const { userId, periodStartedAtMs, percent, remaining } = warning;
      await enqueueMail(db, {
        key: `credit-warning/${userId}/${periodStartedAtMs}/${percent}`,
        template: "credit-warning",
        to: { userId },
        data: { percent, remaining },
      });
      await markWarningMailed(pool, warning, atMs);
    }
    count += warnings.length;
    if (warnings.length < BATCH) return count;
  }
}
