import type { Job } from "./jobs.ts";
import { paths } from "./world.ts";

export interface Discipline {
  name: string;
  /** What one unit is, for people. */
  unit: string;
  job: (isQuick: boolean) => Job;
  /** So often it is done unmeasured before. */
  warmUps: number;
}

/** 12,000 requests at a time, it takes V8 so often until its last word on a proxy in JavaScript, ours or another's. */
export const WARM_UPS_SMALL = 10;

const EVENTS = 100;

/** Ways in which a proxy is used here; each half of a job should take a proxy about half a second. */
export const disciplines: readonly Discipline[] = [
  {
    name: "small",
    unit: "request (1 kB, keep-alive, 32 at a time)",
    job: (isQuick) => ({ kind: "small", connections: 32, count: isQuick ? 2_000 : 12_000 }),
    warmUps: WARM_UPS_SMALL,
  },
  {
    name: "paced",
    unit: "request (1 kB, keep-alive, 500 a second)",
    job: (isQuick) => ({ kind: "paced", perS: 500, count: isQuick ? 200 : 1_500 }),
    // The same way as before.
    warmUps: 1,
  },
  {
    name: "large",
    unit: "megabyte (4 at a time)",
    job: (isQuick) => ({ kind: "streams", connections: 4, count: isQuick ? 40 : 200, path: paths.large, unitsEach: 1 }),
    warmUps: 2,
  },
  {
    name: "events",
    unit: "event (32 streams)",
    job: (isQuick) => ({
      kind: "streams",
      connections: 32,
      count: isQuick ? 64 : 128,
      path: `${paths.events}?n=${EVENTS}`,
      unitsEach: EVENTS,
    }),
    warmUps: 2,
  },
  {
    name: "echo",
    unit: "WebSocket message there and back (128 bytes, 64 sockets)",
    job: (isQuick) => ({ kind: "echo", sockets: 64, count: isQuick ? 3_000 : 20_000 }),
    warmUps: 5,
  },
];
