import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@automna/service-kit/log";
import type { HeldConnections } from "./held-connections.ts";
import type { Routes } from "./routes.ts";

export interface RouteFollower {
  /** Looks again whether what a user holds still goes where it should; null = every user that holds something. */
  follow: (userId: string | null) => void;
  close: () => void;
}

const RETRY_MS = 500;
const AT_ONCE = 8;

/** Ends what is open at a backend that is no longer the user's, or of a user who may no longer use one. */
export function makeRouteFollower(deps: { routes: () => Routes; held: HeldConnections; log: Logger }): RouteFollower {
  const waiting = new Set<string>();
  const closing = new AbortController();
  let workers = 0;

  const look = async (userId: string) => {
    const route = await deps.routes().get(userId);
    if (route !== null && route.userState !== "active") deps.held.endUser(userId, "suspended");
    else deps.held.endMoved(userId, route?.phase === "ready" ? (route.backend?.id ?? null) : null);
  };

  const work = async () => {
    while (!closing.signal.aborted) {
      const [userId] = waiting;
      if (userId === undefined) return;
      waiting.delete(userId);
      try {
        await look(userId);
      } catch (error) {
        deps.log.warn({ err: error }, "could not look up a changed route, trying again");
        waiting.add(userId);
        await sleep(RETRY_MS, undefined, { signal: closing.signal }).catch(() => undefined);
      }
    }
  };

  const startWorker = () => {
    if (workers >= AT_ONCE || waiting.size === 0) return;
    workers += 1;
    void work().finally(() => {
      workers -= 1;
      startWorker();
    });
  };

  return {
    follow(userId) {
      if (userId === null) for (const user of deps.held.users()) waiting.add(user);
      else if (deps.held.holds(userId)) waiting.add(userId);
      startWorker();
    },
    close: () => closing.abort(),
  };
}
