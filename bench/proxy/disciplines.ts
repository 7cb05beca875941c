import type { Job } from "./jobs.ts";
import { paths } from "./world.ts";

export interface Discipline {
  name: string;
  /** What one unit is, for people. */
  unit: string;
  job: (isQuick: boolean) => Job;
}

const EVENTS = 100;

/** Ways in which a proxy is used here; each half of a job should take a proxy about half a second. */
export const disciplines: readonly Discipline[] = [
  {
    name: "small",
    unit: "request (1 kB, keep-alive, 32 at a time)",
    job: (isQuick) => ({ kind: "small", connections: 32, count: isQuick ? 3_000 : 12_000 }),
  },
  {
    name: "paced",
    unit: "request (1 kB, keep-alive, 500 a second)",
    job: (isQuick) => ({ kind: "paced", perS: 500, count: isQuick ? 250 : 1_500 }),
  },
  {
    name: "large",
    unit: "megabyte (4 at a time)",
    job: (isQuick) => ({ kind: "streams", connections: 4, count: isQuick ? 40 : 200, path: paths.large, unitsEach: 1 }),
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
  },
  {
    name: "echo",
    unit: "WebSocket message there and back (128 bytes, 64 sockets)",
    job: (isQuick) => ({ kind: "echo", sockets: 64, count: isQuick ? 6_000 : 20_000 }),
  },
];
