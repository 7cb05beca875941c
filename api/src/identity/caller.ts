import type { IncomingMessage } from "node:http";
import type { ApiKeyScope } from "@automna/core/api-keys/api-key-state";
import type { SessionClaims, UserRole } from "@automna/contract/identity";
import { readBearerKey } from "@automna/service-kit/api-key";
import type { Guards } from "./guards.ts";
import { readSessionToken } from "./session-token.ts";

/** Who asks: a person with a session, or a program with a customer's key. */
export interface Caller {
  userId: string;
  /** Null = a person. */
  keyId: string | null;
  /** A key is never an operator's, whoever made it. */
  role: UserRole;
}

/** A person. */
export interface SessionCaller extends Caller {
  keyId: null;
  sessionId: string;
  expiresAtMs: number;
  claims: SessionClaims;
}

/** The signed-in caller of a request. Throws `not_signed_in`, `session_expired` or `forbidden`. */
export async function identifySession(guards: Guards, request: IncomingMessage): Promise<SessionCaller> {
  const claims = await guards.verifySession(readSessionToken(request.headers));
  await guards.checkSession(claims);
  return {
    userId: claims.sub,
    keyId: null,
    role: claims.role,
    sessionId: claims.sid,
    expiresAtMs: claims.exp * 1_000,
    claims,
  };
}

/**
 * The caller of a route that keys with this scope may use; without a scope none may. A bearer token that looks like a
 * key is never taken for anything else.
 */
export async function identifyCaller(
  guards: Guards,
  request: IncomingMessage,
  keyScope: ApiKeyScope | undefined,
): Promise<Caller | SessionCaller> {
  const text = readBearerKey(request.headers.authorization);
  if (text === null) return identifySession(guards, request);
  guards.checkKeyAlone(request);
  const key = await guards.verifyKey(text);
  await guards.checkKey(key);
  guards.checkKeyScope(key, keyScope);
  return { userId: key.userId, keyId: key.id, role: "customer" };
}
