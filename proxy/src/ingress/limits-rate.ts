import { appError } from "@automna/contract/error-catalogue";
import { SECOND_MS, type Clock } from "@automna/core/shared/clock";

export interface RateLimits {
  /** Requests and upgrades of one user, in the long run. */
  requestsPerS: number;
  /** So many may come at once. */
  requestsBurst: number;
}

export interface RateLimit {
  /** Throws `too_many_requests`, with the seconds to wait, for a user who asks faster than allowed. */
  (userId: string): void;
  /** Counts requests that were let in by another process. */
  charge: (userId: string, requests: number) => void;
}

/** Users remembered before those with nothing to remember are dropped. */
const SWEEP_AT = 10_000;

/**
 * The generic cell rate algorithm: one number per user, the time at which all that they asked would have been due (its
 * source: ITU-T I.371, annex A). What other workers let in is charged after the fact (shared-usage.ts).
 */
export function makeRateLimit({ requestsPerS, requestsBurst }: RateLimits, now: Clock): RateLimit {
  const everyMs = SECOND_MS / requestsPerS;
  const toleranceMs = everyMs * requestsBurst;
  const users = new Map<string, { dueAtMs: number }>();
  let sweepAt = SWEEP_AT;

  const sweep = (nowMs: number) => {
    for (const [userId, { dueAtMs }] of users) if (dueAtMs <= nowMs) users.delete(userId);
    sweepAt = Math.max(SWEEP_AT, 2 * users.size);
  };

  const limit = (userId: string) => {
    const nowMs = now();
    const user = users.get(userId);
    if (user === undefined) {
      if (users.size >= sweepAt) sweep(nowMs);
      users.set(userId, { dueAtMs: nowMs + everyMs });
      return;
    }
    const dueAtMs = Math.max(user.dueAtMs, nowMs) + everyMs;
    const earlyMs = dueAtMs - nowMs - toleranceMs;
    if (earlyMs > 0)
      throw appError("too_many_requests", { details: { limit: "rate", retryAfterS: Math.ceil(earlyMs / SECOND_MS) } });
    user.dueAtMs = dueAtMs;
  };
  const charge = (userId: string, requests: number) => {
    const nowMs = now();
    const user = users.get(userId);
    // Never further ahead than one's own requests can get: nobody is locked out for what others let in too much.
    const dueAtMs = Math.max(user?.dueAtMs ?? 0, nowMs) + requests * everyMs;
    users.set(userId, { dueAtMs: Math.min(dueAtMs, nowMs + toleranceMs) });
  };
  return Object.assign(limit, { charge });
}
