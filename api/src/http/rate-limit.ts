import { appError } from "@automna/contract/error-catalogue";
import type { Clock } from "@automna/core/shared/clock";

export interface RateLimitOptions {
  /** Calls allowed in a window, per key. */
  limit: number;
  windowMs: number;
  now: Clock;
}

/** Keys remembered at most; the oldest go first. */
const MAX_KEYS = 10_000;

/**
 * Counts calls per key in fixed windows, in this process alone. The returned function throws `too_many_requests` with
 * `retryAfterSeconds` for a call too many.
 */
export function makeRateLimit({ limit, windowMs, now }: RateLimitOptions): (key: string) => void {
  const windows = new Map<string, { endsMs: number; count: number }>();
  return (key) => {
    const known = windows.get(key);
    const isOver = known === undefined || known.endsMs <= now();
    const window = isOver ? { endsMs: now() + windowMs, count: 0 } : known;
    window.count += 1;
    if (isOver) {
      windows.delete(key);
      windows.set(key, window);
      const [oldest] = windows.keys();
      if (windows.size > MAX_KEYS && oldest !== undefined) windows.delete(oldest);
    }
    if (window.count <= limit) return;
    throw appError("too_many_requests", {
      details: { retryAfterSeconds: Math.max(1, Math.ceil((window.endsMs - now()) / 1_000)) },
    });
  };
}
