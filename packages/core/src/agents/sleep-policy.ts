import { HOUR_MS, MINUTE_MS } from "../shared/clock.ts";
import { tierCatalogue, type Tier } from "../tiers/catalogue.ts";

/** `doze`: frozen where it is, back within a second. `sleep`: stopped, back after a boot. */
export const rests = ["awake", "doze", "sleep"] as const;
export type Rest = (typeof rests)[number];

export interface RestTimes {
  /** Without traffic this long an agent dozes; null = none ever does. */
  dozeAfterMs: number | null;
  /** Without traffic this long one whose tier allows it is stopped; null = none ever is. */
  sleepAfterMs: number | null;
}

/** A schedule this near keeps an agent up: a boot takes most of a minute on a busy node. */
const SCHEDULE_NEAR_MS = 5 * MINUTE_MS;
/** Nobody rests so soon after becoming ready, whoever was idle before. */
const SETTLE_MS = MINUTE_MS;

export interface RestInput {
  tier: Tier;
  /** When it was last needed: a request, or a socket that was open. */
  activeAtMs: number;
  /** When it became what it is now. */
  readySinceMs: number;
  /** Channels that wait for messages inside the agent: frozen, it would miss them. */
  channels: number;
  /** When the agent next does something by itself; null = never. */
  nextScheduleMs: number | null;
  now: number;
}

/** May it doze, may it sleep: how an agent that nobody needs may rest. Pure. */
export function chooseRest({ dozeAfterMs, sleepAfterMs }: RestTimes, input: RestInput): Rest {
  const { tier, activeAtMs, readySinceMs, channels, nextScheduleMs, now } = input;
  if (channels > 0 || now - readySinceMs < SETTLE_MS) return "awake";
  // Neither a frozen nor a stopped agent notices that its hour has come.
  if (nextScheduleMs !== null && nextScheduleMs - now < SCHEDULE_NEAR_MS) return "awake";
  const idleMs = now - activeAtMs;
  const maySleep = tierCatalogue[tier].canSleep && nextScheduleMs === null;
  if (maySleep && sleepAfterMs !== null && idleMs >= sleepAfterMs) return "sleep";
  return dozeAfterMs !== null && idleMs >= dozeAfterMs && nextScheduleMs === null ? "doze" : "awake";
}

/** How long a place that a move has left keeps its data. */
export const KEEP_OLD_COPY_MS = 24 * HOUR_MS;
