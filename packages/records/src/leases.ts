import { appError } from "@automna/contract/error-catalogue";
import type { Database, Transaction } from "./database.ts";

/** The exclusive right to act on `key`, until it is released or runs out. */
export interface Lease {
  key: string;
  holder: string;
  /**
   * Grows with each new holder, over all leases: what a former holder still does is refused by number, also where a
   * slot is acted on under one lease after another.
   */
  fencing: bigint;
}

/** Whoever holds it works on the agent. */
export function agentLeaseKey(agentId: string): string {
  return `agent:${agentId}`;
}

/**
 * Takes a lease that nobody holds, or null. Its last holder may take it anew before it has run out, under a new number:
 * that is one who could not give it back because the database was away. Time is Postgres's own: workers' clocks differ.
 */
export async function acquireLease(db: Database, key: string, holder: string, ttlMs: number): Promise<Lease | null> {
  const rows = await db.$queryRaw<{ fencing: bigint }[]>`
    INSERT INTO leases (key, holder, fencing, expires_at)
    VALUES (${key}, ${holder}, nextval('lease_fencing'), now() + ${ttlMs} * interval '1 millisecond')
    ON CONFLICT (key) DO UPDATE
      -- Counted here, with the row locked: whoever takes the lease later has the larger number.
      SET holder = EXCLUDED.holder, fencing = nextval('lease_fencing'), expires_at = EXCLUDED.expires_at
      WHERE leases.expires_at < now() OR leases.holder = EXCLUDED.holder
    RETURNING fencing`;
  const row = rows[0];
  return row === undefined ? null : { key, holder, fencing: row.fencing };
}

/** Prolongs a lease. Throws `lease_lost` when it has another holder by now. */
export async function renewLease(db: Database, lease: Lease, ttlMs: number): Promise<void> {
  const changed = await db.$executeRaw`
    UPDATE leases SET expires_at = now() + ${ttlMs} * interval '1 millisecond'
    WHERE key = ${lease.key} AND holder = ${lease.holder} AND fencing = ${lease.fencing}`;
  if (changed === 0) throw appError("lease_lost");
}

/** Gives a lease back; a lost one is left alone. The row stays, so that fencing numbers never start again. */
export async function releaseLease(db: Database, lease: Lease): Promise<void> {
  await db.$executeRaw`
    UPDATE leases SET expires_at = '-infinity'
    WHERE key = ${lease.key} AND holder = ${lease.holder} AND fencing = ${lease.fencing}`;
}

/** Holds the lease's row until the transaction ends. Throws `lease_lost` unless it is still this holder's. */
export async function assertLease(tx: Transaction, lease: Lease): Promise<void> {
  const rows = await tx.$queryRaw<{ key: string }[]>`
    SELECT key FROM leases
    WHERE key = ${lease.key} AND holder = ${lease.holder} AND fencing = ${lease.fencing} AND expires_at > now()
    FOR UPDATE`;
  if (rows.length === 0) throw appError("lease_lost");
}
