import { chooseWarning, type WarningPercent } from "@automna/core/credits/overage";
import type { Pool } from "pg";
import { ACCOUNT_COLUMNS, toAccount, type AccountRow } from "./account-row.ts";

const BATCH = 500;
/** Before the first monthly grant the period is the epoch's, as it is for overage. */
const PERIOD = "coalesce(period_started_at, 'epoch')";

const FIND_LOW = `
  SELECT ${ACCOUNT_COLUMNS} FROM credit_accounts a
  WHERE spent > period_spent_base AND (available + held) * 4 <= spent - period_spent_base
    AND NOT EXISTS (
      SELECT FROM credit_warnings w
      WHERE w.user_id = a.user_id AND w.period_started_at = coalesce(a.period_started_at, 'epoch')
        AND w.percent >= CASE WHEN available + held <= 0 THEN 100 ELSE 80 END)
  LIMIT ${BATCH}`;

// The event and its audit are one statement: neither is ever there alone.
const WARN = `
  WITH warned AS (
    INSERT INTO credit_warnings (user_id, period_started_at, percent, remaining, warned_at)
    SELECT user_id, ${PERIOD}, $2, available, $3 FROM credit_accounts WHERE user_id = $1
    ON CONFLICT DO NOTHING
    RETURNING user_id, percent, remaining)
  INSERT INTO audit_events (user_id, action, subject, data)
  SELECT user_id, 'credits.warned', user_id, jsonb_build_object('percent', percent, 'remaining', remaining) FROM warned`;

export interface CreditWarning {
  userId: string;
  periodStartedAtMs: number;
  percent: WarningPercent;
  remaining: number;
}

/** Writes down whom to warn that 80 % or all of their credits are used, once each per period; answers how many are new. */
export async function warnOfUsedCredits(pool: Pool, atMs: number): Promise<number> {
  const { rows } = await pool.query<AccountRow>(FIND_LOW);
  let count = 0;
  for (const { userId, balances, periodSpentBase } of rows.map(toAccount)) {
    const left = balances.available + balances.held;
    const percent = chooseWarning({ used: balances.spent - periodSpentBase, left, hasHadCredits: true });
    if (percent === null) continue;
    const { rowCount } = await pool.query(WARN, [userId, percent, new Date(atMs)]);
    count += rowCount ?? 0;
  }
  return count;
}

/** Events `credits.warned` that nobody has mailed yet, oldest first. */
export async function listUnmailedWarnings(pool: Pool, limit: number): Promise<CreditWarning[]> {
  const { rows } = await pool.query<{ user_id: string; period_started_at: Date; percent: number; remaining: string }>(
    `SELECT user_id, period_started_at, percent, remaining FROM credit_warnings
     WHERE mailed_at IS NULL ORDER BY warned_at LIMIT $1`,
    [limit],
  );
  return rows.map(({ user_id: userId, period_started_at: period, percent, remaining }) => ({
    userId,
    periodStartedAtMs: period.getTime(),
    percent: percent === 80 ? 80 : 100,
    remaining: Number(remaining),
  }));
}

/** Its mail is on its way, under a key of the warning: doing both again mails nothing twice. */
export async function markWarningMailed(
  pool: Pool,
  { userId, periodStartedAtMs, percent }: CreditWarning,
  atMs: number,
): Promise<void> {
  await pool.query(
    `UPDATE credit_warnings SET mailed_at = $4
     WHERE user_id = $1 AND period_started_at = $2 AND percent = $3 AND mailed_at IS NULL`,
    [userId, new Date(periodStartedAtMs), percent, new Date(atMs)],
  );
}
