/** Where a proxy answers and how one speaks to it. */
export interface Target {
  port: number;
  /** Of the process whose time counts; null = nobody's (direct). */
  pid: number | null;
  /** Before each path: `/a/<userId>`, or nothing. */
  prefixes: string[];
  /** Lines of every request, one set for each prefix. */
  headers: Record<string, string>[];
}

export type Job =
  | { kind: "small"; connections: number; count: number }
  | { kind: "paced"; perS: number; count: number }
  | { kind: "streams"; connections: number; count: number; path: string; unitsEach: number }
  | { kind: "echo"; sockets: number; count: number }
  | { kind: "hold"; sockets: number }
  | { kind: "release" };

/** What one job measured. Two halves that differ tell of a disturbance. */
export interface Measured {
  /** Processor time of the proxy per request, event, megabyte or message, in each half of the job, microseconds. */
  cpuUs: [number, number];
  p50Ms: number;
  p99Ms: number;
  perS: number;
}
