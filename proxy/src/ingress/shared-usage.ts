import type { Peers } from "../workers/peers.ts";
import type { Held, HeldConnections } from "./held-connections.ts";
import type { RateLimit } from "./limits-rate.ts";

/** What one worker tells the others of its users: who, requests since it last told, and what they hold there now. */
export interface UsageMessage {
  users: [userId: string, requests: number, http: number, websocket: number][];
}

/** One user's use of the other workers. */
export interface SharedUsage {
  /** The user's requests or upgrades were let in here, or what they hold has changed. */
  touched: (userId: string, requests: 0 | 1) => void;
  elsewhere: (userId: string, kind: Held["kind"]) => number;
  close: () => void;
}

export interface SharedUsageDeps {
  peers: Peers<UsageMessage>;
  held: Pick<HeldConnections, "count" | "users">;
  rateLimit: Pick<RateLimit, "charge">;
}

type Holdings = Record<Held["kind"], number>;

/** Limits are exceeded at most by what comes within this time on several workers. */
const TELL_MS = 50;

/**
 * A user's limits hold for all workers of a machine together: each tells the others what its users did. Nothing is
 * asked before a request is let in, so a limit costs no round trip; what it costs is being late by TELL_MS.
 */
export function makeSharedUsage({ peers, held, rateLimit }: SharedUsageDeps): SharedUsage {
  const requestsOf = new Map<string, number>();
  const others = new Map<string, Map<number, Holdings>>();

  const hear = (from: number, { users }: UsageMessage) => {
    for (const [userId, requests, http, websocket] of users) {
      if (requests > 0) rateLimit.charge(userId, requests);
      const ofUser = others.get(userId) ?? new Map<number, Holdings>();
      if (http + websocket > 0) others.set(userId, ofUser.set(from, { http, websocket }));
      else if (ofUser.delete(from) && ofUser.size === 0) others.delete(userId);
    }
  };
  const forget = (worker: number) => {
    for (const [userId, ofUser] of others) if (ofUser.delete(worker) && ofUser.size === 0) others.delete(userId);
  };
  const touched: SharedUsage["touched"] = (userId, requests) =>
    void requestsOf.set(userId, (requestsOf.get(userId) ?? 0) + requests);

  peers.on(({ from, event, message }) => {
    if (event === "gone") forget(from);
    // Who is new knows nothing yet of what is held here.
    else if (event === "joined") for (const userId of held.users()) touched(userId, 0);
    else if (message !== null) hear(from, message);
  });

  const tell = setInterval(() => {
    if (requestsOf.size === 0) return;
    const users = [...requestsOf].map(([userId, requests]): UsageMessage["users"][number] => [
      userId,
      requests,
      held.count(userId, "http"),
      held.count(userId, "websocket"),
    ]);
    requestsOf.clear();
    peers.send({ users });
  }, TELL_MS);
  tell.unref();

  return {
    touched,
    elsewhere(userId, kind) {
      let sum = 0;
      for (const holdings of others.get(userId)?.values() ?? []) sum += holdings[kind];
      return sum;
    },
    close: () => clearInterval(tell),
  };
}
