import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "./log.ts";

export interface RepeatedWork {
  name: string;
  everyMs: number;
  log: Logger;
  work: (signal: AbortSignal) => Promise<void>;
}

/** Does `work` now and then again and again, one at a time; a failure is logged and costs one turn. Returns how to stop, which waits for the turn under way. */
export function runEvery({ name, everyMs, log, work }: RepeatedWork): () => Promise<void> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const ended = (async () => {
    while (!signal.aborted) {
      await work(signal).catch((error: unknown) => {
        if (!signal.aborted) log.error({ err: error, sweep: name }, "a sweep failed");
      });
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    }
  })();
  return async () => {
    stopping.abort();
    await ended;
  };
}
