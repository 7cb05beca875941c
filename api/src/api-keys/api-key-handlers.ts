import { apiKeyScopes } from "@automna/core/api-keys/api-key-state";
import { DAY_MS, type Clock } from "@automna/core/shared/clock";
import type { Tier } from "@automna/core/tiers/catalogue";
import { canUseApi } from "@automna/core/tiers/entitlements";
import type { ApiKeyView } from "@automna/contract/api-keys";
import { appError } from "@automna/contract/error-catalogue";
import { createApiKey, listApiKeys, revokeApiKey } from "@automna/records/api-keys";
import type { Database } from "@automna/records/database";
import { makeApiKey } from "@automna/service-kit/api-key";
import type { Handlers } from "../http/routes.ts";

export interface ApiKeyHandlerDeps {
  db: Database;
  /** The tier that a customer is entitled to now. */
  findTier: (userId: string) => Promise<Tier | null>;
  limitKeys: (userId: string) => void;
  now: Clock;
}

type ApiKeyHandlers = Pick<Handlers, "listApiKeys" | "createApiKey" | "revokeApiKey">;
type KeyRow = Awaited<ReturnType<typeof listApiKeys>>[number];

/** Keys are made and ended by their owner in a browser; no key reaches any of these routes. */
export function makeApiKeyHandlers({ db, findTier, limitKeys, now }: ApiKeyHandlerDeps): ApiKeyHandlers {
  return {
    async listApiKeys({ caller: { userId } }) {
      const [tier, keys] = await Promise.all([findTier(userId), listApiKeys(db, userId)]);
      return { canUse: canUseApi(tier), keys: keys.map(toView) };
    },
    async createApiKey({ caller: { userId }, body: { name, scopes, expiresInDays } }) {
      limitKeys(userId);
      if (!canUseApi(await findTier(userId))) throw appError("api_access_not_included");
      const { id, text, hash } = makeApiKey();
      const at = new Date(now());
      const expiresAt = expiresInDays === null ? null : new Date(at.getTime() + expiresInDays * DAY_MS);
      const key = { id, userId, name, scopes, secretHash: Uint8Array.from(hash), expiresAt };
      return { key: toView(await createApiKey(db, key, at)), secret: text };
    },
    async revokeApiKey({ caller: { userId }, params: { keyId } }) {
      await revokeApiKey(db, { id: keyId, userId }, new Date(now()));
    },
  };
}

function toView({ id, name, scopes, createdAt, expiresAt, lastUsedAt }: KeyRow): ApiKeyView {
  return {
    id,
    name,
    scopes: apiKeyScopes.filter((scope) => scopes.includes(scope)),
    createdAtMs: createdAt.getTime(),
    expiresAtMs: expiresAt?.getTime() ?? null,
    lastUsedAtMs: lastUsedAt?.getTime() ?? null,
  };
}
