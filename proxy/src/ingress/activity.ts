import { SECOND_MS, type Clock } from "@automna/core/shared/clock";
import type { Logger } from "@automna/service-kit/log";

export interface ActivityOptions {
  /** Writes for all of them at once that they needed their agents. */
  record: (userIds: readonly string[], at: Date) => Promise<void>;
  /** Users who hold something open at this moment. */
  holders: () => string[];
  log: Logger;
  now: Clock;
  everyMs?: number;
}

export interface Activity {
  /** The user needs their agent now. Costs a Set's add: it is called for each request. */
  touched: (userId: string) => void;
  /** Writes what is known now. */
  flush: () => Promise<void>;
  close: () => Promise<void>;
}

const EVERY_MS = 30 * SECOND_MS;

/** Remembers who needed their agent and tells it now and then: idle agents are found by it (core/agents/sleep-policy). */
export function makeActivity({ record, holders, log, now, everyMs = EVERY_MS }: ActivityOptions): Activity {
  let active = new Set<string>();
  const flush = async () => {
    const userIds = [...new Set([...active, ...holders()])];
    active = new Set();
    try {
      await record(userIds, new Date(now()));
    } catch (error) {
      // Told next time; an agent that dozes too early is woken by the next request.
      for (const userId of userIds) active.add(userId);
      log.warn({ err: error, users: userIds.length }, "who needed their agent could not be written");
    }
  };
  const timer = setInterval(() => void flush(), everyMs);
  timer.unref();
  return {
    touched: (userId) => void active.add(userId),
    flush,
    async close() {
      clearInterval(timer);
      await flush();
    },
  };
}
