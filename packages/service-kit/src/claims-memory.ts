import type { SessionClaims } from "@automna/contract/identity";
import { SECOND_MS, type Clock } from "@automna/core/shared/clock";

export interface ClaimsMemory {
  get: (key: string) => SessionClaims | undefined;
  remember: (key: string, claims: SessionClaims) => void;
  forget: (isOver: (claims: SessionClaims) => boolean) => void;
  /** How many are remembered. */
  size: () => number;
}

/**
 * Proven claims by what proved them. Holds `max` of them, and none for long after its end: everybody brings a new token
 * each minute or so, and the old ones would be most of what a proxy has in memory.
 */
export function makeClaimsMemory({ max, now }: { max: number; now: Clock }): ClaimsMemory {
  // A Map keeps insertion order: the first is the oldest.
  const known = new Map<string, SessionClaims>();

  const dropOldest = () => {
    for (const [key, { exp }] of known) {
      if (known.size < max && exp * SECOND_MS > now()) return;
      known.delete(key);
    }
  };

  return {
    get: (key) => known.get(key),
    remember(key, claims) {
      dropOldest();
      known.set(key, claims);
    },
    forget(isOver) {
      for (const [key, claims] of known) if (isOver(claims)) known.delete(key);
    },
    size: () => known.size,
  };
}
