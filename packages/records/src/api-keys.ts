import { API_KEYS_PER_USER, type ApiKeyFacts, type ApiKeyScope } from "@automna/core/api-keys/api-key-state";
import { MINUTE_MS } from "@automna/core/shared/clock";
import { appError } from "@automna/contract/error-catalogue";
import type { ApiKey } from "@automna/prisma/generated/client";
import type { Pool } from "pg";
import { appendAudit } from "./audit.ts";
import { toTier } from "./agents.ts";
import { notify, transactionLimits, type Database } from "./database.ts";

/** A key and what decides whether it opens anything now. */
export interface ApiKeyRecord extends ApiKeyFacts {
  id: string;
  userId: string;
  secretHash: Buffer;
  scopes: readonly string[];
  /** True when neither a plan nor an agent says what the tier is; then it is that of a new agent. */
  isTierOpen: boolean;
  lastUsedAtMs: number | null;
}

interface ApiKeyRow {
  id: string;
  user_id: string;
  secret_hash: Buffer;
  scopes: string[];
  expires_at: Date | null;
  revoked_at: Date | null;
  last_used_at: Date | null;
  user_state: ApiKeyFacts["userState"];
  has_entitlement: boolean;
  entitled_tier: string | null;
  agent_tier: string | null;
}

// Asked with each use and never remembered: a revoked key is refused by the next request, everywhere.
const FIND_KEY = {
  name: "api-key",
  text: `
    SELECT k.id, k.user_id, k.secret_hash, k.scopes, k.expires_at, k.revoked_at, k.last_used_at, u.state AS user_state,
           e.user_id IS NOT NULL AS has_entitlement, e.tier AS entitled_tier, a.tier AS agent_tier
    FROM api_keys k
    JOIN users u ON u.id = k.user_id
    LEFT JOIN entitlements e ON e.user_id = k.user_id
    LEFT JOIN LATERAL (
      SELECT tier FROM agents WHERE user_id = k.user_id AND phase <> 'deleted' ORDER BY created_at LIMIT 1
    ) a ON true
    WHERE k.id = $1`,
};

/** The key with what is known of its owner; null = there is none of this id. */
export async function findApiKey(pool: Pool, id: string): Promise<ApiKeyRecord | null> {
  const { rows } = await pool.query<ApiKeyRow>({ ...FIND_KEY, values: [id] });
  const row = rows[0];
  if (row === undefined) return null;
  return {
    id: row.id,
    userId: row.user_id,
    secretHash: row.secret_hash,
    scopes: row.scopes,
    expiresAtMs: row.expires_at?.getTime() ?? null,
    revokedAtMs: row.revoked_at?.getTime() ?? null,
    lastUsedAtMs: row.last_used_at?.getTime() ?? null,
    userState: row.user_state,
    tier: toTier(row.has_entitlement ? row.entitled_tier : row.agent_tier),
    isTierOpen: !row.has_entitlement && row.agent_tier === null,
  };
}

/** Notes that a key was used, at most once a minute. */
export async function noteApiKeyUse(
  pool: Pool,
  { id, lastUsedAtMs }: Pick<ApiKeyRecord, "id" | "lastUsedAtMs">,
  nowMs: number,
): Promise<void> {
  if (lastUsedAtMs !== null && nowMs - lastUsedAtMs < MINUTE_MS) return;
  await pool.query("UPDATE api_keys SET last_used_at = $2 WHERE id = $1", [id, new Date(nowMs)]);
}

export interface NewApiKeyRecord {
  id: string;
  userId: string;
  name: string;
  scopes: readonly ApiKeyScope[];
  secretHash: Uint8Array<ArrayBuffer>;
  expiresAt: Date | null;
}

/** Keeps a new key, with its audit. Throws `api_keys_at_limit`. */
export async function createApiKey(db: Database, key: NewApiKeyRecord, now: Date): Promise<ApiKey> {
  return db.$transaction(async (tx) => {
    // The user's row is the lock: of two at once the second counts the first.
    await tx.$queryRaw`SELECT id FROM users WHERE id = ${key.userId} FOR UPDATE`;
    const working = await tx.apiKey.count({
      where: { userId: key.userId, revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] },
    });
    if (working >= API_KEYS_PER_USER) throw appError("api_keys_at_limit");
    const created = await tx.apiKey.create({ data: { ...key, scopes: [...key.scopes], createdAt: now } });
    const data = { name: key.name, scopes: key.scopes.join(" ") };
    await appendAudit(tx, { userId: key.userId, action: "api_key.created", subject: key.id, data });
    return created;
  }, transactionLimits);
}

/** Keys of a customer that were not revoked, newest first. */
export async function listApiKeys(db: Database, userId: string): Promise<ApiKey[]> {
  return db.apiKey.findMany({ where: { userId, revokedAt: null }, orderBy: { createdAt: "desc" } });
}

/** Ends a key for good and, within 2 s, what it holds open. Twice changes nothing. Throws `api_key_not_found`. */
export async function revokeApiKey(
  db: Database,
  { id, userId }: { id: string; userId: string },
  now: Date,
): Promise<void> {
  await db.$transaction(async (tx) => {
    const ended = await tx.apiKey.updateMany({ where: { id, userId, revokedAt: null }, data: { revokedAt: now } });
    if (ended.count === 0) {
      if ((await tx.apiKey.count({ where: { id, userId } })) === 0) throw appError("api_key_not_found");
      return;
    }
    await appendAudit(tx, { userId, action: "api_key.revoked", subject: id });
    // At ingress a key is a session of its own name: what it holds ends as with a sign-out.
    await notify(tx, "session_ended", { sessionId: id, userId });
  }, transactionLimits);
}
