import { chooseWarning } from "@automna/core/credits/overage";
import { enqueueMail } from "../mails.ts";
import { transactionLimits, type Database } from "../database.ts";

const BATCH = 100;

interface LowAccount {
  userId: string;
  used: bigint;
  left: bigint;
  available: bigint;
  periodStartedAt: Date | null;
}

/**
 * Writes to everybody who has used 80 % or all of a month's credits, once each; who has been told that nothing is left is
 * not told that little is. Answers how many were written to.
 */
export async function warnOfCredits(db: Database): Promise<number> {
  let count = 0;
  for (;;) {
    const low = await listLowAccounts(db);
    await db.$transaction(async (tx) => {
      for (const { userId, used, left, available, periodStartedAt } of low) {
        const percent = chooseWarning({ used: Number(used), left: Number(left), hasHadCredits: true });
        if (percent === null) throw new TypeError("an account was listed that needs no warning");
        await enqueueMail(tx, {
          key: `credit-warning/${userId}/${periodStartedAt?.getTime() ?? 0}/${percent}`,
          template: "credit-warning",
          to: { userId },
          data: { percent, remaining: Number(available) },
        });
      }
    }, transactionLimits);
    count += low.length;
    if (low.length < BATCH) return count;
  }
}

/** used ÷ (used + left) is 80 % or more where used is four times what is left (core/credits/overage). */
async function listLowAccounts(db: Database): Promise<LowAccount[]> {
  return db.$queryRaw<LowAccount[]>`
    SELECT a.user_id AS "userId", a.used, a.rest AS left, a.available, a.period_started_at AS "periodStartedAt" FROM (
      SELECT *, spent - period_spent_base AS used, available + held AS rest,
        'credit-warning/' || user_id || '/' ||
          coalesce(floor(extract(epoch FROM period_started_at) * 1000), 0)::bigint || '/' AS prefix
      FROM credit_accounts
    ) AS a JOIN users u ON u.id = a.user_id AND u.state = 'active'
    WHERE a.used > 0 AND a.used >= 4 * a.rest
      AND NOT EXISTS (
        SELECT 1 FROM mails WHERE key IN (a.prefix || '100', a.prefix || CASE WHEN a.rest <= 0 THEN '100' ELSE '80' END)
      )
    ORDER BY a.user_id LIMIT ${BATCH}`;
}
