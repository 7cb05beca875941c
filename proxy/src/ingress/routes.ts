import type { Clock } from "@automna/core/shared/clock";
import type { RouteRecord } from "@automna/records/routes";
import type { Logger } from "@automna/service-kit/log";
import type { NotifyListener } from "@automna/service-kit/notify";
import type { KeyRing } from "@automna/service-kit/secret-box";
import { makeCachedLookup, type LookupCounts } from "../cached-lookup.ts";
import { openRoute, type Route } from "./route.ts";

export interface Routes {
  /** The route of a user's agent, or null. Throws `service_unavailable` while it can't be known. */
  get: (userId: string) => Promise<Route | null>;
  /** The same from memory; undefined when the database has to be asked. */
  peek: (userId: string) => Route | null | undefined;
  /** Looks the user up anew at the next request. */
  invalidate: (userId: string) => void;
  counts: LookupCounts;
  close: () => void;
}

export interface RoutesOptions {
  find: (userId: string) => Promise<RouteRecord | null>;
  ring: KeyRing;
  listener: NotifyListener;
  /** A user's route may have changed; `null` = any user's. Called after the memory was cleared. */
  onChanged: (userId: string | null) => void;
  log: Logger;
  now: Clock;
}

/** Routes by user id, remembered until a notification says otherwise (design D10). A hit costs two Map look-ups. */
export function makeRoutes({ find, ring, listener, onChanged, log, now }: RoutesOptions): Routes {
  const lookup = makeCachedLookup<Route>({
    async load(userId) {
      const record = await find(userId);
      return record === null ? null : openRoute(record, ring);
    },
    isSettled: (route) => route.phase === "ready" || route.phase === "asleep",
    isListening: listener.isConnected,
    onLoadFailed: (error) => log.warn({ err: error }, "could not look up a route"),
    now,
  });
  const changed = ({ userId }: { userId: string }) => {
    lookup.invalidate(userId);
    onChanged(userId);
  };
  const stopListening = [
    listener.on("agent_changed", changed),
    listener.on("user_changed", changed),
    listener.onReconnect(() => {
      lookup.flush();
      onChanged(null);
    }),
  ];
  return {
    get: lookup.get,
    peek: lookup.peek,
    invalidate: lookup.invalidate,
    counts: lookup.counts,
    close() {
      for (const stop of stopListening) stop();
    },
  };
}
