import type { LedgerOperation } from "@automna/core/credits/operations";
import type { Pool } from "pg";
import { postOperations } from "./post-operations.ts";

/** Most accounts of one transaction, so that a sweep never holds up charges for long. */
const BATCH = 100;

/** Releases holds that nobody closed in time and ends grants that have expired; answers how many of each. */
export async function sweepCredits(pool: Pool, atMs: number): Promise<{ holds: number; grants: number }> {
  const holds = await sweep(pool, atMs, listExpiredHolds);
  const grants = await sweep(pool, atMs, listExpiredGrants);
  return { holds, grants };
}

async function sweep(
  pool: Pool,
  atMs: number,
  list: (pool: Pool, at: Date) => Promise<LedgerOperation[]>,
): Promise<number> {
  let count = 0;
  for (;;) {
    const operations = await list(pool, new Date(atMs));
    await postOperations(pool, operations, atMs);
    count += operations.length;
    if (operations.length < BATCH) return count;
  }
}

async function listExpiredHolds(pool: Pool, at: Date): Promise<LedgerOperation[]> {
  const { rows } = await pool.query<{ user_id: string; key: string }>(
    `SELECT user_id, key FROM credit_holds WHERE state = 'open' AND expires_at <= $1 ORDER BY expires_at LIMIT $2`,
    [at, BATCH],
  );
  return rows.map(({ user_id: userId, key }) => ({ type: "release", userId, key }));
}

async function listExpiredGrants(pool: Pool, at: Date): Promise<LedgerOperation[]> {
  const { rows } = await pool.query<{ user_id: string }>(
    `SELECT DISTINCT user_id FROM credit_grants WHERE closed_at IS NULL AND expires_at <= $1 LIMIT $2`,
    [at, BATCH],
  );
  return rows.map(({ user_id: userId }) => ({ type: "expire", userId, key: "" }));
}
