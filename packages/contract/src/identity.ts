import { z } from "zod";

export const userRoles = ["customer", "operator"] as const;
export type UserRole = (typeof userRoles)[number];

/** Claims of a session token, Clerk's shape (its v2 claims that we use). Times in seconds. */
export const sessionClaimsSchema = z.object({
  sub: z.string(),
  sid: z.string(),
  iss: z.string(),
  azp: z.string(),
  iat: z.number(),
  exp: z.number(),
  /** No claim of its own: the verifier reads it out of the others (`roleInToken`). */
  role: z.enum(userRoles).default("customer"),
});
export type SessionClaims = z.infer<typeof sessionClaimsSchema>;

const roleClaimsSchema = z.object({
  metadata: z
    .object({ role: z.literal("operator") })
    .nullish()
    .catch(null),
  o: z
    .object({ id: z.string(), rol: z.enum(["operator", "admin"]) })
    .nullish()
    .catch(null),
});

/**
 * The role that a token gives. `metadata` is Clerk's public metadata, which its Backend API alone writes (session token
 * claim `"metadata": "{{user.public_metadata}}"`). A role in an organization counts in the operator's own alone: anybody
 * may be the admin of one that they made themselves.
 */
export function roleInToken(payload: unknown, operatorOrganization: string | null): UserRole {
  const { data } = roleClaimsSchema.safeParse(payload);
  const isMember = operatorOrganization !== null && data?.o?.id === operatorOrganization;
  return data?.metadata?.role === "operator" || isMember ? "operator" : "customer";
}

/** Cookie of the short-lived session token; Clerk's name, so that one verifier reads both. */
export const SESSION_COOKIE = "__session";
/** Lifetime of a local session token, seconds (design D11: sockets live 5 minutes without a fresh one). */
export const SESSION_TOKEN_SECONDS = 300;

/** GET /api/me. */
export const meSchema = z.object({
  user: z.object({ id: z.string(), email: z.string(), name: z.string() }),
  key: z.object({ provider: z.literal("anthropic"), last4: z.string(), validatedAtMs: z.number().int() }).nullable(),
  session: z.object({ id: z.string(), expiresAtMs: z.number().int() }),
  /** Operators may open /admin. */
  role: z.enum(userRoles),
});
export type Me = z.infer<typeof meSchema>;

/** GET /api/identity: which issuer this installation uses, readable without a session. */
export const identityInfoSchema = z.object({
  issuer: z.enum(["local", "clerk"]),
  /** Local issuer: this browser came through the start link and may sign in. */
  admitted: z.boolean(),
  signedIn: z.boolean(),
  clerkPublishableKey: z.string().nullable(),
});
export type IdentityInfo = z.infer<typeof identityInfoSchema>;

/** POST /api/identity/local/sign-in. */
export const localSignInSchema = z.strictObject({
  email: z.email("Please enter an e-mail address.").max(254),
  name: z.string().trim().max(80).default(""),
});
export type LocalSignIn = z.input<typeof localSignInSchema>;

/** PUT /api/key. */
export const putKeySchema = z.strictObject({
  key: z.string().trim().min(20, "That is too short for an API key.").max(300),
});
export const keyViewSchema = z.object({
  key: z.object({ provider: z.literal("anthropic"), last4: z.string(), validatedAtMs: z.number().int() }).nullable(),
});
export type KeyView = z.infer<typeof keyViewSchema>;

/** What a customer types to show that an account is not deleted by mistake. */
export const DELETE_WORDS = "delete my account";

/** POST /api/account/deletion. */
export const deleteAccountSchema = z.strictObject({ confirm: z.literal(DELETE_WORDS) });

/** GET /api/account/deletion. */
export const accountDeletionSchema = z.object({
  /** Null = nobody wants it. */
  deletion: z
    .object({
      requestedAtMs: z.number().int(),
      /** When everything personal is erased. */
      eraseAtMs: z.number().int(),
      canUndo: z.boolean(),
    })
    .nullable(),
});
export type AccountDeletionView = z.infer<typeof accountDeletionSchema>;
