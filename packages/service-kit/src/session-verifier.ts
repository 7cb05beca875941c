import { hash } from "node:crypto";
import { verifyToken } from "@clerk/backend";
import { appError } from "@automna/contract/error-catalogue";
import { roleInToken, sessionClaimsSchema, type SessionClaims } from "@automna/contract/identity";
import type { Clock } from "@automna/core/shared/clock";
import { makeClaimsMemory } from "./claims-memory.ts";

export interface SessionVerifierOptions {
  /** PEM of the issuer's public key: with it Clerk's verifier never asks the network (notes: stack 5). */
  jwtKey: string;
  /** Expected `iss`; Clerk's verifier doesn't check it, we do. */
  issuer: string;
  /** Origins that tokens may have been made for (`azp`), always set. */
  authorizedParties: readonly string[];
  /** Organization at Clerk whose operators are ours; null = the role stands in the user's public metadata alone. */
  operatorOrganization?: string | null;
  now: Clock;
  /** Verified tokens remembered at most. */
  cacheSize?: number;
}

export interface SessionVerifier {
  /** Claims of a good token. Throws `not_signed_in` for a bad one, `session_expired` for one that has expired. */
  verify: (token: string) => Promise<SessionClaims>;
  /** Forgets every verified token of a session, after it was ended. */
  forget: (sessionId: string) => void;
}

/** Seconds that clocks may differ. */
const CLOCK_SKEW_MS = 5_000;

/** Verifies Clerk-shaped session tokens without a network call, with a cache keyed by token hash until expiry. */
export function makeSessionVerifier(options: SessionVerifierOptions): SessionVerifier {
  const { jwtKey, issuer, authorizedParties, operatorOrganization = null, now, cacheSize = 10_000 } = options;
  // A token is answered with "expired" for a moment after its end, as long as clocks may differ.
  const verified = makeClaimsMemory({ max: cacheSize, now: () => now() - CLOCK_SKEW_MS });

  return {
    async verify(token) {
      const tokenHash = hash("sha256", token, "base64url");
      const known = verified.get(tokenHash);
      if (known !== undefined) {
        if (known.exp * 1_000 + CLOCK_SKEW_MS > now()) return known;
        throw appError("session_expired");
      }
      const claims = await verifyClaims(token, { jwtKey, authorizedParties, operatorOrganization });
      if (claims.iss !== issuer) throw appError("not_signed_in");
      verified.remember(tokenHash, claims);
      return claims;
    },
    forget(sessionId) {
      verified.forget(({ sid }) => sid === sessionId);
    },
  };
}

async function verifyClaims(
  token: string,
  {
    jwtKey,
    authorizedParties,
    operatorOrganization,
  }: Pick<SessionVerifierOptions, "jwtKey" | "authorizedParties"> & { operatorOrganization: string | null },
): Promise<SessionClaims> {
  try {
    const payload = await verifyToken(token, {
      jwtKey,
      authorizedParties: [...authorizedParties],
      clockSkewInMs: CLOCK_SKEW_MS,
    });
    return { ...sessionClaimsSchema.parse(payload), role: roleInToken(payload, operatorOrganization) };
  } catch (cause) {
    const isExpired = cause instanceof Error && "reason" in cause && cause.reason === "token-expired";
    throw appError(isExpired ? "session_expired" : "not_signed_in", { cause });
  }
}
