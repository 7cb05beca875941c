import { sign, type KeyObject } from "node:crypto";
import { SESSION_TOKEN_SECONDS, type UserRole } from "@automna/contract/identity";

export interface SessionToken {
  token: string;
  expiresAtMs: number;
}

export interface TokenSubject {
  userId: string;
  sessionId: string;
  /** The token never outlives its session. */
  sessionExpiresAtMs: number;
  role: UserRole;
}

/** Signs a session token of Clerk's shape, version 2 (RS256), so that one verifier reads both issuers' tokens. */
export function signSessionToken(
  issuer: { signingKey: KeyObject; sessionIssuer: string; origin: string },
  subject: TokenSubject,
  now: number,
): SessionToken {
  const issuedAt = Math.floor(now / 1_000);
  const expiry = Math.min(issuedAt + SESSION_TOKEN_SECONDS, Math.floor(subject.sessionExpiresAtMs / 1_000));
  const claims = {
    iss: issuer.sessionIssuer,
    azp: issuer.origin,
    sub: subject.userId,
    sid: subject.sessionId,
    iat: issuedAt,
    nbf: issuedAt,
    exp: expiry,
    v: 2,
    // As Clerk puts public metadata into a token.
    ...(subject.role === "customer" ? {} : { metadata: { role: subject.role } }),
  };
  const head = `${encode({ alg: "RS256", typ: "JWT", kid: "local" })}.${encode(claims)}`;
  const signature = sign("RSA-SHA256", Buffer.from(head), issuer.signingKey).toString("base64url");
  return { token: `${head}.${signature}`, expiresAtMs: expiry * 1_000 };
}

function encode(part: Readonly<Record<string, unknown>>): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}
