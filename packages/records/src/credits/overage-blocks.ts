import type { Pool } from "pg";

/** A block of 1,000 credits that began and is to be billed. */
export interface OverageBlock {
  userId: string;
  periodStartedAtMs: number;
  /** 1, 2, 3 … within the period. */
  number: number;
  startedAtMs: number;
  /** The time under which it was tried to be reported; null = never. */
  attemptedAtMs: number | null;
}

interface BlockRow {
  user_id: string;
  period_started_at: Date;
  number: number;
  started_at: Date;
  attempted_at: Date | null;
}

/** Blocks that billing has not reported yet, oldest first. */
export async function listUnreportedBlocks(pool: Pool, limit: number): Promise<OverageBlock[]> {
  const { rows } = await pool.query<BlockRow>(
    `SELECT user_id, period_started_at, number, started_at, attempted_at FROM credit_overage_blocks
     WHERE reported_at IS NULL ORDER BY started_at LIMIT $1`,
    [limit],
  );
  return rows.map(toBlock);
}

export interface ReportedUsage {
  userId: string;
  blocks: number;
  /** Times under which the meter has them, ms. */
  firstAtMs: number;
  lastAtMs: number;
}

/** What was reported per customer under times since `sinceMs`, for comparing with the meter. */
export async function sumReportedBlocks(pool: Pool, sinceMs: number): Promise<ReportedUsage[]> {
  const { rows } = await pool.query<{ user_id: string; blocks: number; first: Date; last: Date }>(
    `SELECT user_id, count(*)::int AS blocks, min(attempted_at) AS first, max(attempted_at) AS last
     FROM credit_overage_blocks WHERE reported_at IS NOT NULL AND attempted_at >= $1 GROUP BY user_id ORDER BY user_id`,
    [new Date(sinceMs)],
  );
  return rows.map(({ user_id: userId, blocks, first, last }) => ({
    userId,
    blocks,
    firstAtMs: first.getTime(),
    lastAtMs: last.getTime(),
  }));
}

/** Remembers the time under which a block is reported, before it is: a repetition says the same. */
export async function markBlockAttempted(pool: Pool, block: OverageBlock, atMs: number): Promise<void> {
  await pool.query(
    `UPDATE credit_overage_blocks SET attempted_at = $4
     WHERE user_id = $1 AND period_started_at = $2 AND number = $3 AND attempted_at IS NULL`,
    [block.userId, new Date(block.periodStartedAtMs), block.number, new Date(atMs)],
  );
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

function toBlock(row: BlockRow): OverageBlock {
  return {
    userId: row.user_id,
    periodStartedAtMs: row.period_started_at.getTime(),
    number: row.number,
    startedAtMs: row.started_at.getTime(),
    attemptedAtMs: row.attempted_at?.getTime() ?? null,
  };
}
