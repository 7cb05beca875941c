import type { EntryKind } from "@automna/core/credits/ledger";
import { silentKinds } from "@automna/core/credits/statement";
import type { Pool } from "pg";

/** A line of a customer's statement. The balance counts held credits as the customer's, which they are. */
export interface StatementEntry {
  number: number;
  atMs: number;
  kind: EntryKind;
  subject: string;
  /** What it added to the balance; negative = took from it. */
  credits: number;
  balanceAfter: number;
}

export interface StatementPage {
  userId: string;
  /** Only entries before this number; null = from the newest. */
  before: number | null;
  limit: number;
}

interface EntryRow {
  number: number;
  at: Date;
  kind: EntryKind;
  subject: string;
  credits: number;
  balance_after: string;
}

const LIST_ENTRIES = {
  name: "credits-statement",
  text: `
    SELECT number, at, kind, subject, balance_after,
      CASE WHEN to_account IN ('available', 'held') THEN credits ELSE -credits END AS credits
    FROM credit_entries
    WHERE user_id = $1 AND number < $2 AND kind <> ALL($4::credit_entry_kind[])
    ORDER BY number DESC
    LIMIT $3`,
};
const MAX_INT = 2_147_483_647;

/** A page of the statement, newest first. */
export async function listStatement(pool: Pool, { userId, before, limit }: StatementPage): Promise<StatementEntry[]> {
  const { rows } = await pool.query<EntryRow>({
    ...LIST_ENTRIES,
    values: [userId, before ?? MAX_INT, limit, silentKinds],
  });
  return rows.map(({ number, at, kind, subject, credits, balance_after: balanceAfter }) => ({
    number,
    atMs: at.getTime(),
    kind,
    subject,
    credits,
    balanceAfter: Number(balanceAfter),
  }));
}
