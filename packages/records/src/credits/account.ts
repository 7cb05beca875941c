import type { Account } from "@automna/core/credits/ledger";
import type { OverageCap } from "@automna/core/credits/overage";
import type { Pool } from "pg";
import { ACCOUNT_COLUMNS, toAccount, type AccountRow } from "./account-row.ts";

const FIND_ACCOUNT = {
  name: "credits-account",
  text: `SELECT ${ACCOUNT_COLUMNS} FROM credit_accounts WHERE user_id = $1`,
};

/** A customer's balances, as fast as a primary key is read; null = never had any credits. */
export async function findAccount(pool: Pool, userId: string): Promise<Account | null> {
  const { rows } = await pool.query<AccountRow>({ ...FIND_ACCOUNT, values: [userId] });
  const row = rows[0];
  return row === undefined ? null : toAccount(row);
}

/** Sets how far the customer lets the balance go below 0, in credits; null switches overage off. Blocks that began stay. */
export async function setOverageCap(pool: Pool, userId: string, cap: OverageCap): Promise<void> {
  await pool.query(
    `INSERT INTO credit_accounts (user_id, overage_cap) VALUES ($1, $2)
     ON CONFLICT (user_id) DO UPDATE SET overage_cap = EXCLUDED.overage_cap`,
    [userId, cap],
  );
}

export interface BooksProblem {
  userId: string;
  /** What the balances say and what the sum of the entries is, per ledger account, and the number of entries. */
  kept: Readonly<Record<string, number>>;
  summed: Readonly<Record<string, number>>;
}

const PROVE_BOOKS = `
  WITH moves AS (
    SELECT user_id, to_account AS account, credits AS amount FROM credit_entries
    UNION ALL
    SELECT user_id, from_account, -credits FROM credit_entries
  ), sums AS (
    SELECT user_id,
      -coalesce(sum(amount) FILTER (WHERE account = 'issued'), 0) AS issued,
      coalesce(sum(amount) FILTER (WHERE account = 'available'), 0) AS available,
      coalesce(sum(amount) FILTER (WHERE account = 'held'), 0) AS held,
      coalesce(sum(amount) FILTER (WHERE account = 'spent'), 0) AS spent,
      coalesce(sum(amount) FILTER (WHERE account = 'expired'), 0) AS expired
    FROM moves GROUP BY user_id
  ), counts AS (
    SELECT user_id, count(*) AS entries, max(number) AS last FROM credit_entries GROUP BY user_id
  ), holds AS (
    SELECT user_id, sum(credits) AS held FROM credit_holds WHERE state = 'open' GROUP BY user_id
  )
  SELECT a.user_id,
    jsonb_build_object('issued', a.issued, 'available', a.available, 'held', a.held, 'spent', a.spent,
      'expired', a.expired, 'entries', a.entry_count, 'last', a.entry_count, 'holds', a.held) AS kept,
    jsonb_build_object('issued', coalesce(s.issued, 0), 'available', coalesce(s.available, 0),
      'held', coalesce(s.held, 0), 'spent', coalesce(s.spent, 0), 'expired', coalesce(s.expired, 0),
      'entries', coalesce(c.entries, 0), 'last', coalesce(c.last, 0), 'holds', coalesce(h.held, 0)) AS summed
  FROM credit_accounts a
  LEFT JOIN sums s USING (user_id) LEFT JOIN counts c USING (user_id) LEFT JOIN holds h USING (user_id)`;

/** Accounts whose kept balances are not the sum of their entries, whose numbers have gaps, or whose holds don't add up. */
export async function findBooksProblems(pool: Pool): Promise<BooksProblem[]> {
  const { rows } = await pool.query<{ user_id: string; kept: BooksProblem["kept"]; summed: BooksProblem["summed"] }>(
    `SELECT * FROM (${PROVE_BOOKS}) AS books WHERE kept <> summed ORDER BY user_id LIMIT 100`,
  );
  return rows.map(({ user_id: userId, kept, summed }) => ({ userId, kept, summed }));
}
