import { apiKeyScopes } from "@automna/core/api-keys/api-key-state";
import { z } from "zod";

/** How a key begins, so that people and secret scanners know it: `atm_live_<id>_<secret><checksum>`. */
export const API_KEY_PREFIX = "atm_live_";

/** Days after which a new key may end. */
export const apiKeyLifetimes = [30, 90, 365] as const;

/** POST /api/api-keys. */
export const createApiKeySchema = z.strictObject({
  name: z.string().trim().min(1, "Give the key a name.").max(60, "At most 60 characters."),
  scopes: z
    .array(z.enum(apiKeyScopes))
    .min(1, "Choose what the key may do.")
    .refine((scopes) => new Set(scopes).size === scopes.length, "Each only once."),
  /** Null = until it is revoked. */
  expiresInDays: z.union(apiKeyLifetimes.map((days) => z.literal(days))).nullable(),
});
export type CreateApiKey = z.input<typeof createApiKeySchema>;

export const apiKeyViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(apiKeyScopes)),
  createdAtMs: z.number().int(),
  expiresAtMs: z.number().int().nullable(),
  /** To the minute; null = never. */
  lastUsedAtMs: z.number().int().nullable(),
});
export type ApiKeyView = z.infer<typeof apiKeyViewSchema>;

/** GET /api/api-keys: those that were not revoked, newest first. */
export const apiKeyListSchema = z.object({
  /** False where the plan has no API access: keys that exist are refused until it has. */
  canUse: z.boolean(),
  keys: z.array(apiKeyViewSchema),
});
export type ApiKeyList = z.infer<typeof apiKeyListSchema>;

/** The one answer that holds the whole key. */
export const createdApiKeySchema = z.object({ key: apiKeyViewSchema, secret: z.string() });
export type CreatedApiKey = z.infer<typeof createdApiKeySchema>;
