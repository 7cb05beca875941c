import type { Tier } from "../tiers/catalogue.ts";
import { canUseApi } from "../tiers/entitlements.ts";

/** What a key may be allowed to do; each route of the api and the agent's socket asks for one. */
export const apiKeyScopes = ["agents:read", "agents:write", "credits:read", "chat"] as const;
export type ApiKeyScope = (typeof apiKeyScopes)[number];

/** Calls per minute of one key: a program that looks every second, with room for a burst. */
export const API_KEY_CALLS_PER_MINUTE = 120;
/** Keys of one customer that work at the same time. */
export const API_KEYS_PER_USER = 20;

export interface ApiKeyFacts {
  expiresAtMs: number | null;
  revokedAtMs: number | null;
  userState: "active" | "suspended" | "deleted";
  /** The customer's tier now; null = none. */
  tier: Tier | null;
}

/** Why a key whose secret is right opens nothing now, as a code of the error catalogue; null = it opens what it is for. */
export function apiKeyRefusal(
  { expiresAtMs, revokedAtMs, userState, tier }: ApiKeyFacts,
  nowMs: number,
): "api_key_ended" | "forbidden" | "api_access_not_included" | null {
  if (revokedAtMs !== null || (expiresAtMs !== null && expiresAtMs <= nowMs) || userState === "deleted")
    return "api_key_ended";
  if (userState === "suspended") return "forbidden";
  return canUseApi(tier) ? null : "api_access_not_included";
}
