import type { Book, KnownHold } from "@automna/core/credits/apply-operation";
import type { Account, EntryKind } from "@automna/core/credits/ledger";
import type { GrantSource, Lot } from "@automna/core/credits/lots";
import { keysToRead, type KnownEntry, type LedgerOperation } from "@automna/core/credits/operations";
import type { PoolClient } from "pg";
import { ACCOUNT_COLUMNS, toAccount, type AccountRow } from "./account-row.ts";

/** A customer's book that operations of one transaction change one after the other. */
export interface OpenBook extends Book {
  account: Account;
  entries: Map<string, readonly KnownEntry[]>;
  holds: Map<string, KnownHold>;
  lots: readonly Lot[];
}

/** True for operations that read or change grants; only the api's role may. */
export function touchesGrants({ type }: LedgerOperation): boolean {
  return type === "grant" || type === "revoke" || type === "take_back" || type === "expire" || type === "renew";
}

/** Locks the accounts of these operations, making those that are missing, and reads what the operations need. */
export async function lockBooks(
  client: PoolClient,
  operations: readonly LedgerOperation[],
): Promise<Map<string, OpenBook>> {
  const userIds = [...new Set(operations.map(({ userId }) => userId))];
  let rows = await lockAccounts(client, userIds);
  if (rows.length < userIds.length) {
    await client.query(MAKE_ACCOUNTS, [userIds]);
    rows = await lockAccounts(client, userIds);
  }
  const books = new Map<string, OpenBook>();
  for (const row of rows)
    books.set(row.user_id, { account: toAccount(row), entries: new Map(), holds: new Map(), lots: [] });
  // After the lock and in statements of their own: only then they see what an earlier holder of the lock committed.
  await readEntries(client, operations, books);
  await readHolds(client, operations, books);
  await readLots(client, operations, books);
  return books;
}

const MAKE_ACCOUNTS = `
  INSERT INTO credit_accounts (user_id) SELECT id FROM users WHERE id = ANY($1::text[]) ORDER BY id
  ON CONFLICT DO NOTHING`;

// In one order for everybody: two transactions never wait for each other in a circle.
const LOCK_ACCOUNTS = {
  name: "credits-lock",
  text: `SELECT ${ACCOUNT_COLUMNS} FROM credit_accounts WHERE user_id = ANY($1::text[]) ORDER BY user_id FOR NO KEY UPDATE`,
};

async function lockAccounts(client: PoolClient, userIds: readonly string[]): Promise<AccountRow[]> {
  return (await client.query<AccountRow>({ ...LOCK_ACCOUNTS, values: [userIds] })).rows;
}

const READ_ENTRIES = {
  name: "credits-entries",
  text: `
    SELECT e.user_id, e.key, e.kind, e.credits
    FROM unnest($1::text[], $2::text[]) AS wanted(user_id, key)
    JOIN credit_entries e USING (user_id, key)
    ORDER BY e.leg`,
};

async function readEntries(
  client: PoolClient,
  operations: readonly LedgerOperation[],
  books: ReadonlyMap<string, OpenBook>,
): Promise<void> {
  // A pair that is asked for twice would be answered twice.
  const wanted = new Map<string, [userId: string, key: string]>();
  for (const operation of operations)
    for (const key of keysToRead(operation)) wanted.set(`${operation.userId} ${key}`, [operation.userId, key]);
  if (wanted.size === 0) return;
  const pairs = [...wanted.values()];
  const { rows } = await client.query<{ user_id: string; key: string; kind: EntryKind; credits: number }>({
    ...READ_ENTRIES,
    values: [pairs.map(([userId]) => userId), pairs.map(([, key]) => key)],
  });
  for (const { user_id: userId, key, kind, credits } of rows) {
    const entries = books.get(userId)?.entries;
    entries?.set(key, [...(entries.get(key) ?? []), { kind, credits }]);
  }
}

async function readHolds(
  client: PoolClient,
  operations: readonly LedgerOperation[],
  books: ReadonlyMap<string, OpenBook>,
): Promise<void> {
  const closing = operations.filter(({ type }) => type === "capture" || type === "release");
  if (closing.length === 0) return;
  const { rows } = await client.query<{ user_id: string; key: string; credits: number; resource: string }>(
    `SELECT DISTINCT h.user_id, h.key, h.credits, h.resource
     FROM unnest($1::text[], $2::text[]) AS wanted(user_id, key) JOIN credit_holds h USING (user_id, key)`,
    [closing.map(({ userId }) => userId), closing.map(({ key }) => key)],
  );
  for (const { user_id: userId, key, credits, resource } of rows)
    books.get(userId)?.holds.set(key, { credits, resource });
}

interface LotRow {
  user_id: string;
  key: string;
  source: GrantSource;
  credits: number;
  remaining: number;
  taken_back: number;
  expires_at: Date | null;
  is_ended: boolean;
}

/** All open grants of whoever gets, loses or renews one, and those that are to be revoked. */
async function readLots(
  client: PoolClient,
  operations: readonly LedgerOperation[],
  books: ReadonlyMap<string, OpenBook>,
): Promise<void> {
  const granting = operations.filter(touchesGrants);
  if (granting.length === 0) return;
  const revoked = operations.filter(({ type }) => type === "revoke" || type === "take_back");
  const { rows } = await client.query<LotRow>(
    `SELECT user_id, key, source, credits, remaining, taken_back, expires_at, closed_at IS NOT NULL AS is_ended
     FROM credit_grants
     WHERE user_id = ANY($1::text[]) AND (closed_at IS NULL OR key = ANY($2::text[]))`,
    [granting.map(({ userId }) => userId), revoked.map(({ key }) => key)],
  );
  for (const { user_id: userId, taken_back: takenBack, expires_at: expiresAt, is_ended: isEnded, ...lot } of rows) {
    const book = books.get(userId);
    if (book !== undefined)
      book.lots = [...book.lots, { ...lot, takenBack, isEnded, expiresAtMs: expiresAt?.getTime() ?? null }];
  }
}
