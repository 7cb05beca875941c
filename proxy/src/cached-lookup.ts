import { appError } from "@automna/contract/error-catalogue";
import { isAppError } from "@automna/core/shared/app-error";
import { MINUTE_MS, SECOND_MS, type Clock } from "@automna/core/shared/clock";
import { LRUCache } from "lru-cache";

export interface CachedLookupOptions<Value> {
  /** Reads the truth; null = there is none. */
  load: (key: string) => Promise<Value | null>;
  /** True for an answer that holds until a notification says otherwise; others are asked again soon. */
  isSettled: (value: Value) => boolean;
  /** True while notifications arrive. */
  isListening: () => boolean;
  onLoadFailed: (error: unknown) => void;
  now: Clock;
  max?: number;
  /** Longest stale answer while the database is down; 0 = none: what may end somebody's access fails closed. */
  staleMs?: number;
}

export interface CachedLookup<Value> {
  /** Throws `service_unavailable` when the database does not answer and nothing usable is remembered. */
  get: (key: string) => Promise<Value | null>;
  /** What `get` would answer from memory; undefined when it would have to ask. */
  peek: (key: string) => Value | null | undefined;
  /** What is remembered of `key` is known to be outdated: it is not served again, whatever happens. */
  invalidate: (key: string) => void;
  /** How the look-ups so far were answered. */
  counts: LookupCounts;
  /** Notifications may have been missed: everything is asked again, but may be served while nobody answers. */
  flush: () => void;
}

export interface LookupCounts {
  remembered: number;
  asked: number;
  stale: number;
  failed: number;
}

interface Entry<Value> {
  value: Value | null;
  loadedAtMs: number;
  freshForMs: number;
}

interface Load<Value> {
  promise: Promise<Value | null>;
  isOutdated: boolean;
}

/** The net under lost notifications. */
const SETTLED_MS = 30 * SECOND_MS;
/** Absence and passing states, and everything while no notifications arrive. */
const UNSETTLED_MS = SECOND_MS;
/** Design D10: longest stale answer while the database is down; freed ports rest longer. */
const STALE_MS = 15 * MINUTE_MS;
/** After a failed load, others are not sent after it for so long. */
const PAUSE_MS = 500;

/** A look-up with a memory: one query at a time per key, stale answers while the database is away (design D10). */
export function makeCachedLookup<Value>(options: CachedLookupOptions<Value>): CachedLookup<Value> {
  const { now, isListening, staleMs = STALE_MS } = options;
  const entries = new LRUCache<string, Entry<Value>>({ max: options.max ?? 100_000 });
  const loads = new Map<string, Load<Value>>();
  const counts: LookupCounts = { remembered: 0, asked: 0, stale: 0, failed: 0 };
  let pausedUntilMs = 0;

  const isFresh = (entry: Entry<Value>) =>
    now() - entry.loadedAtMs < (isListening() ? entry.freshForMs : Math.min(entry.freshForMs, UNSETTLED_MS));

  const load = (key: string): Promise<Value | null> => {
    const running = loads.get(key);
    if (running !== undefined) return running.promise;
    const started: Load<Value> = { promise: runLoad(), isOutdated: false };
    async function runLoad(): Promise<Value | null> {
      const loadedAtMs = now();
      try {
        const value = await options.load(key);
        const isSettled = value !== null && options.isSettled(value);
        const freshForMs = isSettled ? SETTLED_MS : UNSETTLED_MS;
        if (!started.isOutdated) entries.set(key, { value, loadedAtMs, freshForMs });
        return value;
      } finally {
        if (loads.get(key) === started) loads.delete(key);
      }
    }
    loads.set(key, started);
    return started.promise;
  };

  const peek = (key: string): Value | null | undefined => {
    const entry = entries.get(key);
    if (entry === undefined || !isFresh(entry)) return undefined;
    counts.remembered += 1;
    return entry.value;
  };

  return {
    counts,
    peek,
    async get(key) {
      const known = peek(key);
      if (known !== undefined) return known;
      const isPaused = now() < pausedUntilMs;
      try {
        if (!isPaused) {
          const value = await load(key);
          counts.asked += 1;
          return value;
        }
      } catch (error) {
        // Our own errors are about this one record, not about the database.
        if (isAppError(error)) throw error;
        pausedUntilMs = now() + PAUSE_MS;
        options.onLoadFailed(error);
      }
      // Looked up again: it may have been invalidated while the query ran.
      const stale = entries.get(key);
      if (stale !== undefined && now() - stale.loadedAtMs < staleMs) {
        counts.stale += 1;
        return stale.value;
      }
      counts.failed += 1;
      throw appError("service_unavailable");
    },
    invalidate(key) {
      entries.delete(key);
      const running = loads.get(key);
      if (running === undefined) return;
      running.isOutdated = true;
      loads.delete(key);
    },
    flush() {
      for (const entry of entries.values()) entry.freshForMs = 0;
      for (const running of loads.values()) running.isOutdated = true;
      loads.clear();
    },
  };
}
