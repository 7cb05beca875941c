import type { IncomingMessage } from "node:http";
import type { SessionClaims, UserRole } from "@automna/contract/identity";
import type { Guards } from "./guards.ts";
import { readSessionToken } from "./session-token.ts";

/** Who asks. */
export interface Caller {
  userId: string;
  sessionId: string;
  expiresAtMs: number;
  role: UserRole;
  claims: SessionClaims;
}

/** The signed-in caller of a request. Throws `not_signed_in`, `session_expired` or `forbidden`. */
export async function identifyCaller(guards: Guards, request: IncomingMessage): Promise<Caller> {
  const claims = await guards.verifySession(readSessionToken(request.headers));
  await guards.checkSession(claims);
  return { userId: claims.sub, sessionId: claims.sid, expiresAtMs: claims.exp * 1_000, role: claims.role, claims };
}
