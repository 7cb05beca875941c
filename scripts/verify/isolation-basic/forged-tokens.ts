import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { roleInToken, sessionClaimsSchema, type SessionClaims, type UserRole } from "@automna/contract/identity";
import { signSessionToken } from "../../../api/src/identity/local/sign-session-token.ts";

/** What the platform's tokens are made with in one run. */
export interface Issuer {
  signingKey: KeyObject;
  sessionIssuer: string;
  origin: string;
}

interface Subject {
  userId: string;
  sessionId: string;
  role?: UserRole;
}

const HOUR_MS = 3_600_000;

/** A good token of somebody. */
export function tokenOf(issuer: Issuer, subject: Subject, now = Date.now()): string {
  return signSessionToken(issuer, { role: "customer", ...subject, sessionExpiresAtMs: now + HOUR_MS }, now).token;
}

export interface Forgery {
  name: string;
  /** Something that claims to be the victim's session and is not; null = no token at all. */
  make: (issuer: Issuer, victim: Subject, attacker: Subject) => string | null;
}

export const forgeries: readonly Forgery[] = [
  { name: "no session", make: () => null },
  { name: "an expired token", make: (issuer, victim) => tokenOf(issuer, victim, Date.now() - HOUR_MS) },
  { name: "a token that is not valid yet", make: (issuer, victim) => tokenOf(issuer, victim, Date.now() + HOUR_MS) },
  {
    name: "a tampered token",
    make: (issuer, victim, attacker) => withClaimsOf(tokenOf(issuer, victim), tokenOf(issuer, attacker)),
  },
  {
    name: "a token without a signature",
    make: (issuer, victim) => `${UNSIGNED}.${claimsOf(tokenOf(issuer, victim))}.`,
  },
  {
    name: "somebody else's signature",
    make: (issuer, victim) => tokenOf({ ...issuer, signingKey: newSigningKey() }, victim),
  },
  {
    name: "another origin's token",
    make: (issuer, victim) => tokenOf({ ...issuer, origin: "https://evil.example" }, victim),
  },
  {
    name: "another issuer's token",
    make: (issuer, victim) => tokenOf({ ...issuer, sessionIssuer: "https://evil.example" }, victim),
  },
];

const UNSIGNED = Buffer.from(JSON.stringify({ alg: "none", typ: "JWT" })).toString("base64url");

function newSigningKey(): KeyObject {
  return generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
}

function claimsOf(token: string): string {
  return token.split(".")[1] ?? "";
}

/** The second token's head and signature around the first one's claims. */
function withClaimsOf(claims: string, token: string): string {
  const [head = "", , signature = ""] = token.split(".");
  return `${head}.${claimsOf(claims)}.${signature}`;
}

/** What a verifier that checks nothing reads from a token; without one it takes the caller for `otherwise`. */
export function believe(token: string | null, otherwise: Subject): SessionClaims {
  const payload = token?.split(".")[1];
  const inAnHourS = Math.floor((Date.now() + HOUR_MS) / 1_000);
  if (payload === undefined)
    return {
      sub: otherwise.userId,
      sid: otherwise.sessionId,
      iss: "",
      azp: "",
      iat: 0,
      exp: inAnHourS,
      role: otherwise.role ?? "customer",
    };
  const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
  return { ...sessionClaimsSchema.parse(claims), role: roleInToken(claims, null) };
}
