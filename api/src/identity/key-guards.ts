import { API_KEY_CALLS_PER_MINUTE, apiKeyRefusal } from "@automna/core/api-keys/api-key-state";
import { MINUTE_MS, type Clock } from "@automna/core/shared/clock";
import type { Tier } from "@automna/core/tiers/catalogue";
import { appError } from "@automna/contract/error-catalogue";
import { findApiKey, noteApiKeyUse } from "@automna/records/api-keys";
import type { Pool } from "@automna/records/pool";
import { isSameHash, readApiKey } from "@automna/service-kit/api-key";
import { makeRateLimit } from "../http/rate-limit.ts";
import type { Guards } from "./guards.ts";

export interface KeyGuardDeps {
  pool: Pool;
  now: Clock;
  /** The tier of a customer without a plan; null = there is none. */
  freeTier: Tier | null;
}

/** Whatever may keep an API key out. The key is looked up with each use, so that a revoked one is refused at once. */
export function makeKeyGuards({
  pool,
  now,
  freeTier,
}: KeyGuardDeps): Pick<Guards, "checkKeyAlone" | "verifyKey" | "checkKey" | "checkKeyScope"> {
  const limit = makeRateLimit({ limit: API_KEY_CALLS_PER_MINUTE, windowMs: MINUTE_MS, now });
  return {
    checkKeyAlone({ headers }) {
      if (headers.cookie !== undefined) throw appError("api_key_not_alone");
    },
    async verifyKey(text) {
      const given = readApiKey(text);
      const key = given === null ? null : await findApiKey(pool, given.id);
      // An unknown id and a wrong secret are answered alike.
      if (given === null || key === null || !isSameHash(key.secretHash, given.hash)) throw appError("api_key_invalid");
      return key;
    },
    async checkKey(key) {
      const refusal = apiKeyRefusal({ ...key, tier: key.isTierOpen ? freeTier : key.tier }, now());
      if (refusal !== null) throw appError(refusal);
      limit(key.id);
      await noteApiKeyUse(pool, key, now());
    },
    checkKeyScope({ scopes }, scope) {
      if (scope === undefined) throw appError("api_key_not_accepted");
      if (!scopes.includes(scope)) throw appError("api_key_scope_missing", { details: { scope } });
    },
  };
}
