import type { Change } from "@automna/core/credits/apply-operation";
import { postAll, type Account } from "@automna/core/credits/ledger";
import type { Lot } from "@automna/core/credits/lots";
import type { PoolClient } from "pg";

/** What one operation changed, with the account before it. */
export interface AppliedChange {
  before: Account;
  change: Change;
}

interface EntryRow {
  userId: string;
  number: number;
  key: string;
  leg: number;
  kind: string;
  from: string;
  to: string;
  credits: number;
  balanceAfter: number;
  subject: string;
  facts: string;
}

/** Writes what the operations changed, in the caller's transaction. */
export async function writeBooks(
  client: PoolClient,
  applied: readonly AppliedChange[],
  { accounts, lots, areGrantsTouched, atMs }: WrittenBooks,
): Promise<void> {
  const at = new Date(atMs);
  const entries = applied.flatMap(toEntryRows);
  if (entries.length > 0) await insertEntries(client, entries, at);
  if (accounts.length > 0) await updateAccounts(client, accounts, areGrantsTouched);
  await writeHolds(client, applied, at);
  await writeOverageBlocks(client, applied, at);
  if (lots.length > 0) await writeLots(client, lots, at);
}

export interface WrittenBooks {
  /** Accounts that changed, as they are after the last operation. */
  accounts: readonly Account[];
  /** Open lots that changed, with their owner. */
  lots: readonly (Lot & { userId: string })[];
  areGrantsTouched: boolean;
  atMs: number;
}

function toEntryRows({ before, change }: AppliedChange): EntryRow[] {
  let account = before;
  return change.posted.flatMap(({ key, postings, subject, facts }) =>
    postings.map((posting, leg) => {
      account = postAll(account, [posting]);
      const { kind, from, to, credits } = posting;
      const { available, held } = account.balances;
      return {
        userId: account.userId,
        number: account.entryCount,
        key,
        leg,
        kind,
        from,
        to,
        credits,
        balanceAfter: available + held,
        subject,
        facts: JSON.stringify(facts),
      };
    }),
  );
}

const INSERT_ENTRIES = {
  name: "credits-insert-entries",
  text: `
    INSERT INTO credit_entries
      (user_id, number, key, leg, kind, from_account, to_account, credits, balance_after, subject, facts, at)
    SELECT user_id, number, key, leg, kind::credit_entry_kind, source::credit_ledger_account,
           target::credit_ledger_account, credits, balance_after, subject, facts::jsonb, $12
    FROM unnest($1::text[], $2::int[], $3::text[], $4::int[], $5::text[], $6::text[], $7::text[], $8::int[], $9::bigint[],
                $10::text[], $11::text[])
      AS row(user_id, number, key, leg, kind, source, target, credits, balance_after, subject, facts)`,
};

async function insertEntries(client: PoolClient, rows: readonly EntryRow[], at: Date): Promise<void> {
  await client.query({
    ...INSERT_ENTRIES,
    values: [
      rows.map((row) => row.userId),
      rows.map((row) => row.number),
      rows.map((row) => row.key),
      rows.map((row) => row.leg),
      rows.map((row) => row.kind),
      rows.map((row) => row.from),
      rows.map((row) => row.to),
      rows.map((row) => row.credits),
      rows.map((row) => row.balanceAfter),
      rows.map((row) => row.subject),
      rows.map((row) => row.facts),
      at,
    ],
  });
}

// Two forms, because roles that only spend may not name the other columns (prisma/grants).
const UPDATE_SPENT = {
  name: "credits-update-spent",
  text: `
    UPDATE credit_accounts a SET available = n.available, held = n.held, spent = n.spent, entry_count = n.entry_count,
      overage_blocks = n.overage_blocks
    FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::int[], $6::int[])
      AS n(user_id, available, held, spent, entry_count, overage_blocks)
    WHERE a.user_id = n.user_id`,
};
const UPDATE_ALL = {
  name: "credits-update-all",
  text: `
    UPDATE credit_accounts a SET available = n.available, held = n.held, spent = n.spent, entry_count = n.entry_count,
      overage_blocks = n.overage_blocks, issued = n.issued, expired = n.expired, period_started_at = n.period_started_at,
      period_spent_base = n.period_spent_base, debt = n.debt
    FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::int[], $6::int[], $7::bigint[], $8::bigint[],
                $9::timestamptz[], $10::bigint[], $11::bigint[])
      AS n(user_id, available, held, spent, entry_count, overage_blocks, issued, expired, period_started_at,
           period_spent_base, debt)
    WHERE a.user_id = n.user_id`,
};

async function updateAccounts(
  client: PoolClient,
  accounts: readonly Account[],
  areGrantsTouched: boolean,
): Promise<void> {
  const spent = [
    accounts.map(({ userId }) => userId),
    accounts.map(({ balances }) => balances.available),
    accounts.map(({ balances }) => balances.held),
    accounts.map(({ balances }) => balances.spent),
    accounts.map(({ entryCount }) => entryCount),
    accounts.map(({ overageBlocks }) => overageBlocks),
  ];
  if (!areGrantsTouched) {
    await client.query({ ...UPDATE_SPENT, values: spent });
    return;
  }
  const granted = [
    accounts.map(({ balances }) => balances.issued),
    accounts.map(({ balances }) => balances.expired),
    accounts.map(({ periodStartedAtMs }) => (periodStartedAtMs === null ? null : new Date(periodStartedAtMs))),
    accounts.map(({ periodSpentBase }) => periodSpentBase),
    accounts.map(({ debt }) => debt),
  ];
  await client.query({ ...UPDATE_ALL, values: [...spent, ...granted] });
}

async function writeHolds(client: PoolClient, applied: readonly AppliedChange[], at: Date): Promise<void> {
  for (const { before, change } of applied) {
    if (change.hold === undefined) continue;
    const { key, state } = change.hold;
    if (state === "open") {
      const { credits, resource, expiresAtMs } = change.hold;
      await client.query(
        `INSERT INTO credit_holds (user_id, key, credits, resource, expires_at, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
        [before.userId, key, credits, resource, new Date(expiresAtMs), at],
      );
    } else {
      await client.query(
        `UPDATE credit_holds SET state = $3::credit_hold_state, closed_at = $4 WHERE user_id = $1 AND key = $2`,
        [before.userId, key, state, at],
      );
    }
  }
}

/** The usage record of each block that began. Before the first monthly grant the period is the epoch's. */
async function writeOverageBlocks(client: PoolClient, applied: readonly AppliedChange[], at: Date): Promise<void> {
  for (const { before, change } of applied) {
    const { overageBlocks, periodStartedAtMs } = change.account;
    if (periodStartedAtMs !== before.periodStartedAtMs) continue; // a renewal begins at none
    for (let number = before.overageBlocks + 1; number <= overageBlocks; number += 1)
      await client.query(
        `INSERT INTO credit_overage_blocks (user_id, period_started_at, number, started_at) VALUES ($1, $2, $3, $4)`,
        [before.userId, new Date(periodStartedAtMs ?? 0), number, at],
      );
  }
}

async function writeLots(client: PoolClient, lots: readonly (Lot & { userId: string })[], at: Date): Promise<void> {
  await client.query(
    `INSERT INTO credit_grants (user_id, key, source, credits, remaining, taken_back, expires_at, granted_at, closed_at)
     SELECT user_id, key, source, credits, remaining, taken_back, expires_at, $8,
            CASE WHEN remaining = 0 THEN $8::timestamptz END
     FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::int[], $6::int[], $7::timestamptz[])
       AS row(user_id, key, source, credits, remaining, taken_back, expires_at)
     ON CONFLICT (user_id, key) DO UPDATE
       SET credits = EXCLUDED.credits, remaining = EXCLUDED.remaining, taken_back = EXCLUDED.taken_back,
           closed_at = EXCLUDED.closed_at`,
    [
      lots.map(({ userId }) => userId),
      lots.map(({ key }) => key),
      lots.map(({ source }) => source),
      lots.map(({ credits }) => credits),
      lots.map(({ remaining }) => remaining),
      lots.map(({ takenBack }) => takenBack),
      lots.map(({ expiresAtMs }) => (expiresAtMs === null ? null : new Date(expiresAtMs))),
      at,
    ],
  );
}
