import type { Pool } from "pg";

/** A block of 1,000 credits that began and is to be billed. */
export interface OverageBlock {
  userId: string;
  periodStartedAtMs: number;
  /** 1, 2, 3 … within the period. */
  number: number;
  startedAtMs: number;
}

/** Blocks that billing has not reported yet, oldest first. */
export async function listUnreportedBlocks(pool: Pool, limit: number): Promise<OverageBlock[]> {
  const { rows } = await pool.query<{ user_id: string; period_started_at: Date; number: number; started_at: Date }>(
    `SELECT user_id, period_started_at, number, started_at FROM credit_overage_blocks
     WHERE reported_at IS NULL ORDER BY started_at LIMIT $1`,
    [limit],
  );
  return rows.map((row) => ({
    userId: row.user_id,
    periodStartedAtMs: row.period_started_at.getTime(),
    number: row.number,
    startedAtMs: row.started_at.getTime(),
  }));
}

/** Remembers that a block was reported. Reporting comes first, with blockIdentifier, so that a crash in between repeats it harmlessly. */
export async function markBlockReported(pool: Pool, block: OverageBlock, atMs: number): Promise<void> {
  await pool.query(
    `UPDATE credit_overage_blocks SET reported_at = $4
     WHERE user_id = $1 AND period_started_at = $2 AND number = $3 AND reported_at IS NULL`,
    [block.userId, new Date(block.periodStartedAtMs), block.number, new Date(atMs)],
  );
}

/** The identifier under which a meter takes a block once. */
export function blockIdentifier({ userId, periodStartedAtMs, number }: OverageBlock): string {
  return `${userId}:${periodStartedAtMs}:${number}`;
}
