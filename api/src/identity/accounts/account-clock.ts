import { MINUTE_MS } from "@automna/core/shared/clock";
import type { Logger } from "@automna/service-kit/log";
import { endAccounts, type EndAccountsDeps } from "./end-accounts.ts";

export interface AccountClock {
  /** Somebody's account ends: do at once what can be done at once. */
  poke: () => void;
  close: () => Promise<void>;
}

const EVERY_MS = 5 * MINUTE_MS;

/** Ends accounts whose time has come, every few minutes and when it is told to. */
export function makeAccountClock({ log, ...deps }: EndAccountsDeps & { log: Logger }): AccountClock {
  let running: Promise<void> | null = null;
  let isPoked = false;
  let isClosed = false;

  const start = () => {
    if (isClosed) return;
    if (running !== null) {
      isPoked = true;
      return;
    }
    running = endAccounts(deps)
      .catch((error: unknown) => log.error({ err: error }, "an account could not be ended"))
      .finally(() => {
        running = null;
        if (!isPoked) return;
        isPoked = false;
        start();
      });
  };
  const timer = setInterval(start, EVERY_MS);

  return {
    poke: start,
    async close() {
      isClosed = true;
      clearInterval(timer);
      await running;
    },
  };
}
