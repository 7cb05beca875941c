import type { IncomingHttpHeaders } from "node:http";
import { appError } from "@automna/contract/error-catalogue";
import { SESSION_COOKIE, type SessionClaims } from "@automna/contract/identity";
import { MINUTE_MS, SECOND_MS, type Clock } from "@automna/core/shared/clock";
import { readCookie } from "@automna/service-kit/cookies";
import { makeClaimsMemory } from "@automna/service-kit/claims-memory";
import type { SessionVerifier } from "@automna/service-kit/session-verifier";
import type { EndedSessions } from "./ended-sessions.ts";
import type { RequestTarget } from "./request-target.ts";

/** Who sends a request, proven. */
export interface Caller {
  userId: string;
  sessionId: string;
  /** When the token was made, seconds since the epoch: a later one keeps the session's sockets open. */
  tokenIssuedAtS: number;
}

/** Ended sessions are remembered a little longer than any token is accepted, so that none outlives its session. */
export const TOKEN_MAX_AGE_MS = 15 * MINUTE_MS;
export const ENDED_SESSION_MEMORY_MS = 20 * MINUTE_MS;
const CLOCK_SKEW_MS = 30 * SECOND_MS;
const TOKEN_MAX_LENGTH = 4_096;
const START_WAIT_MS = 2 * SECOND_MS;

/** Cookie headers that have been verified, remembered at most: so many, each of so many characters. */
const SEEN_MAX = 10_000;
const SEEN_MAX_LENGTH = 4_096;

/** Makes the session check. It throws `not_signed_in`, `session_expired`, or `service_unavailable` before sign-outs are known. */
export function makeSessionCheck(deps: { verifier: SessionVerifier; ended: EndedSessions; now: Clock }) {
  // By the whole header, as it comes again with each request: finding and hashing the token in it costs more than all
  // other checks together. That a session has ended is asked each time.
  const seen = makeClaimsMemory({ max: SEEN_MAX, now: deps.now });

  const verify = async (headers: IncomingHttpHeaders): Promise<SessionClaims> => {
    const token = readSessionToken(headers);
    if (token === null) throw appError("not_signed_in");
    // Just started: the database answers in a moment, or not at all.
    if (!deps.ended.isKnown()) await deps.ended.waitUntilKnown(START_WAIT_MS);
    if (!deps.ended.isKnown()) throw appError("service_unavailable");
    return deps.verifier.verify(token);
  };

  const toCaller = (claims: SessionClaims): Caller => {
    const ageMs = deps.now() - claims.iat * SECOND_MS;
    if (ageMs > TOKEN_MAX_AGE_MS || ageMs < -CLOCK_SKEW_MS || deps.ended.isEnded(claims.sid))
      throw appError("session_expired");
    return { userId: claims.sub, sessionId: claims.sid, tokenIssuedAtS: claims.iat };
  };

  return (headers: IncomingHttpHeaders): Caller | Promise<Caller> => {
    const { cookie, authorization } = headers;
    if (cookie === undefined || authorization !== undefined) return verify(headers).then(toCaller);
    const claims = seen.get(cookie);
    if (claims !== undefined && claims.exp * SECOND_MS > deps.now()) return toCaller(claims);
    return verify(headers).then((found) => {
      if (cookie.length <= SEEN_MAX_LENGTH) seen.remember(cookie, found);
      return toCaller(found);
    });
  };
}

/** The one session token of a request; null for none, and for two that differ (which one counts would be a guess). */
export function readSessionToken(headers: IncomingHttpHeaders): string | null {
  const { cookie, authorization } = headers;
  const hasCookie = cookie !== undefined && cookie.includes(`${SESSION_COOKIE}=`);
  const fromCookie = hasCookie ? readCookie(cookie, SESSION_COOKIE) : null;
  if (authorization === undefined) return usable(fromCookie);
  const bearer = /^Bearer ([\w.-]+)$/i.exec(authorization)?.[1] ?? null;
  if (hasCookie && fromCookie !== bearer) return null;
  return usable(bearer);
}

/** Throws `agent_not_found` for another user's agent, in the words used for one that doesn't exist. */
export function assertOwner(caller: Caller, target: RequestTarget): void {
  if (caller.userId !== target.userId) throw appError("agent_not_found");
}

function usable(token: string | null): string | null {
  return token === null || token === "" || token.length > TOKEN_MAX_LENGTH ? null : token;
}
