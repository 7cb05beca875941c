import { MINUTE_MS, SECOND_MS, type Clock } from "@automna/core/shared/clock";
import type { Caller } from "./authorize.ts";

/** Why the platform ends something that is under way. */
export type EndReason = "session_ended" | "token_stale" | "suspended" | "moved" | "draining";

/** A request or socket under way, which ends with its session, its user's rights or its backend. */
export interface Held {
  kind: "http" | "websocket";
  userId: string;
  sessionId: string;
  /** Where it goes; null until that is known. */
  backendId: string | null;
  end: (reason: EndReason) => void;
  /** False in the middle of a message, which `end` would cut; without it, never. */
  canEndCleanly?: () => boolean;
}

interface UserHold {
  held: Set<Held>;
  http: number;
  websocket: number;
}

interface SessionHold {
  tokenIssuedAtS: number;
  freshUntilMs: number;
  held: Set<Held>;
}

export interface HeldConnections {
  /** Call after each verification: a newer token of the session keeps what it holds. */
  refresh: (seen: Pick<Caller, "sessionId" | "tokenIssuedAtS">) => void;
  /** Returns how to take it out again. */
  add: (caller: Caller, held: Held) => () => void;
  count: (userId: string, kind: Held["kind"]) => number;
  /** Of all users. */
  total: (kind: Held["kind"]) => number;
  /** Users that hold something. */
  users: () => string[];
  holds: (userId: string) => boolean;
  endSession: (sessionId: string) => void;
  endUser: (userId: string, reason: EndReason) => void;
  /** Ends what the user holds at any backend but this one. */
  endMoved: (userId: string, backendId: string | null) => void;
  /** Of all users. */
  sockets: () => Held[];
  /** For good: whatever comes later is ended as it is added. */
  endAll: (reason: EndReason) => void;
  size: () => number;
  close: () => void;
}

/** Design D11: what is open ends after so long without a fresh token. */
const FRESH_MS = 5 * MINUTE_MS;
const SWEEP_MS = SECOND_MS;

export interface HeldConnectionsOptions {
  now: Clock;
  /** Called when a user holds more or less than before. */
  onCount?: (userId: string) => void;
}

export function makeHeldConnections({ now, onCount = () => undefined }: HeldConnectionsOptions): HeldConnections {
  const sessions = new Map<string, SessionHold>();
  const users = new Map<string, UserHold>();
  const totals = { http: 0, websocket: 0 };
  let isOver: EndReason | null = null;

  const endEach = (held: Iterable<Held> | undefined, reason: EndReason) => {
    // Ending one takes it out of the set, which a Set allows while it is walked.
    for (const one of held ?? []) one.end(reason);
  };

  const remove = (held: Held) => {
    const user = users.get(held.userId);
    if (user === undefined || !user.held.delete(held)) return;
    user[held.kind] -= 1;
    totals[held.kind] -= 1;
    onCount(held.userId);
    sessions.get(held.sessionId)?.held.delete(held);
  };

  // Whoever holds nothing goes here and not with their last request: the next one nearly always comes soon.
  const sweep = setInterval(() => {
    for (const session of sessions.values()) if (session.freshUntilMs <= now()) endEach(session.held, "token_stale");
    for (const holds of [sessions, users]) for (const [id, { held }] of holds) if (held.size === 0) holds.delete(id);
  }, SWEEP_MS);
  sweep.unref();

  return {
    refresh({ sessionId, tokenIssuedAtS }) {
      const session = sessions.get(sessionId);
      if (session === undefined || tokenIssuedAtS <= session.tokenIssuedAtS) return;
      session.tokenIssuedAtS = tokenIssuedAtS;
      session.freshUntilMs = now() + FRESH_MS;
    },
    add({ tokenIssuedAtS }, held) {
      let session = sessions.get(held.sessionId);
      if (session === undefined)
        sessions.set(held.sessionId, (session = { tokenIssuedAtS: 0, freshUntilMs: 0, held: new Set() }));
      if (session.held.size === 0) {
        session.tokenIssuedAtS = tokenIssuedAtS;
        session.freshUntilMs = now() + FRESH_MS;
      }
      session.held.add(held);
      let user = users.get(held.userId);
      if (user === undefined) users.set(held.userId, (user = { held: new Set(), http: 0, websocket: 0 }));
      user.held.add(held);
      user[held.kind] += 1;
      totals[held.kind] += 1;
      onCount(held.userId);
      if (isOver !== null) held.end(isOver);
      return () => remove(held);
    },
    count: (userId, kind) => users.get(userId)?.[kind] ?? 0,
    total: (kind) => totals[kind],
    users: () => [...users].filter(([, { held }]) => held.size > 0).map(([userId]) => userId),
    holds: (userId) => (users.get(userId)?.held.size ?? 0) > 0,
    endSession: (sessionId) => endEach(sessions.get(sessionId)?.held, "session_ended"),
    endUser: (userId, reason) => endEach(users.get(userId)?.held, reason),
    endMoved(userId, backendId) {
      const elsewhere = [...(users.get(userId)?.held ?? [])].filter(
        (held) => held.backendId !== null && held.backendId !== backendId,
      );
      endEach(elsewhere, "moved");
    },
    sockets: () => [...users.values()].flatMap(({ held }) => [...held].filter(({ kind }) => kind === "websocket")),
    endAll(reason) {
      isOver = reason;
      for (const { held } of users.values()) endEach(held, reason);
    },
    size: () => totals.http + totals.websocket,
    close: () => clearInterval(sweep),
  };
}
