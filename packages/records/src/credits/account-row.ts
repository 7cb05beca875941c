import type { Account } from "@automna/core/credits/ledger";

/** A row of credit_accounts as node-postgres reads it: bigints are text. */
export interface AccountRow {
  user_id: string;
  issued: string;
  available: string;
  held: string;
  spent: string;
  expired: string;
  entry_count: number;
  debt: string;
  overage_cap: number | null;
  overage_blocks: number;
  period_started_at: Date | null;
  period_spent_base: string;
}

export const ACCOUNT_COLUMNS =
  "user_id, issued, available, held, spent, expired, entry_count, debt, overage_cap, overage_blocks, period_started_at, period_spent_base";

/** Credits stay far below 2^53, so that numbers are exact. */
export function toAccount(row: AccountRow): Account {
  return {
    userId: row.user_id,
    balances: {
      issued: Number(row.issued),
      available: Number(row.available),
      held: Number(row.held),
      spent: Number(row.spent),
      expired: Number(row.expired),
    },
    entryCount: row.entry_count,
    debt: Number(row.debt),
    overageCap: row.overage_cap,
    overageBlocks: row.overage_blocks,
    periodStartedAtMs: row.period_started_at?.getTime() ?? null,
    periodSpentBase: Number(row.period_spent_base),
  };
}
