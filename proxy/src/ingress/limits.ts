import { MINUTE_MS } from "@automna/core/shared/clock";
import type { Held } from "./held-connections.ts";
import type { RateLimits } from "./limits-rate.ts";
import type { WakingLimits } from "./waking.ts";

/** What one user may use of an ingress, and what all of them may. */
export interface IngressLimits extends WakingLimits, RateLimits {
  /** Most sockets and requests under way of one user (429 beyond). */
  underWay: Readonly<Record<Held["kind"], number>>;
  /** Longest body of a request (413 beyond). Cloudflare's own limit is lower on most plans. */
  bodyMaxBytes: number;
}

export const defaultLimits: IngressLimits = {
  underWay: { websocket: 32, http: 128 },
  bodyMaxBytes: 512 * 1024 * 1024,
  // A dashboard that loads asks some 20 things at once; a page of files with previews a few hundred.
  requestsPerS: 100,
  requestsBurst: 400,
  // Cloudflare gives up after 100 s without a byte; a cold start takes 15-90 s (design, "Numbers").
  holdMs: MINUTE_MS,
  heldMax: 2_000,
};
