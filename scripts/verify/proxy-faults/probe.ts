import { monitorEventLoopDelay } from "node:perf_hooks";

/** What a service says about itself when this file is loaded before it (`--import`, with `--expose-gc`). */
export interface ProbeReading {
  /** After forced collections. */
  heapUsedBytes: number;
  rssBytes: number;
  /** Since the reading before, ms. */
  loopDelayMeanMs: number;
  loopDelayP99Ms: number;
  /** Errors that nobody caught and promises that nobody heard, since the start. */
  trouble: string[];
}

export type ProbeQuestion = { probe: "read" } | { probe: "shift-clock"; ms: number };

const RESOLUTION_MS = 5;
const COLLECTIONS = 4;
const NS_PER_MS = 1e6;

const trouble: string[] = [];
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
const realNow = Date.now;
let offsetMs = 0;

// The service passes `Date.now` on as a value: it has to be in place before the service is loaded.
Date.now = () => realNow() + offsetMs;
delay.enable();
process.on("uncaughtExceptionMonitor", (error, origin) => trouble.push(`${origin}: ${error.stack ?? error.message}`));
process.on("unhandledRejection", (reason) => trouble.push(`unhandledRejection: ${String(reason)}`));
process.on("message", (message) => {
  if (!isQuestion(message)) return;
  if (message.probe === "shift-clock") {
    offsetMs += message.ms;
    process.send?.({ probed: null });
  } else void read().then((probed) => process.send?.({ probed }));
});

async function read(): Promise<ProbeReading> {
  const [loopDelayMeanMs, loopDelayP99Ms] = [delay.mean / NS_PER_MS, delay.percentile(99) / NS_PER_MS];
  for (let count = 0; count < COLLECTIONS; count += 1) {
    globalThis.gc?.();
    // What a collection finishes is freed by the next one.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed: heapUsedBytes, rss: rssBytes } = process.memoryUsage();
  delay.reset();
  return { heapUsedBytes, rssBytes, loopDelayMeanMs, loopDelayP99Ms, trouble };
}

function isQuestion(message: unknown): message is ProbeQuestion {
  return typeof message === "object" && message !== null && "probe" in message;
}
