import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "@automna/core/shared/clock";
import type { Logger } from "@automna/service-kit/log";
import type { NotifyListener } from "@automna/service-kit/notify";
import { ENDED_SESSION_MEMORY_MS } from "./authorize.ts";

export interface EndedSessions {
  isEnded: (sessionId: string) => boolean;
  /** False until the list was read once: before that nobody can be let in (design D10, sign-out fails closed). */
  isKnown: () => boolean;
  /** Resolves when the list was read, or after `timeoutMs`. */
  waitUntilKnown: (timeoutMs: number) => Promise<void>;
  close: () => void;
}

export interface EndedSessionsOptions {
  /** Sessions that ended within so many ms. */
  list: (sinceMs: number) => Promise<string[]>;
  listener: Pick<NotifyListener, "on" | "onReconnect">;
  /** Called for each end, more than once for some. */
  onEnded: (sessionId: string) => void;
  log: Logger;
  now: Clock;
}

const RETRY_MS = 500;

/** Knows every session whose tokens could still be within their time: from notifications, and from the list after a gap. */
export function makeEndedSessions({ list, listener, onEnded, log, now }: EndedSessionsOptions): EndedSessions {
  const endedAtMs = new Map<string, number>();
  const closing = new AbortController();
  const known = Promise.withResolvers<void>();
  let isKnown = false;
  let isReading = false;

  const end = (sessionId: string) => {
    // A Map keeps the order of insertion: the first is the oldest.
    endedAtMs.delete(sessionId);
    endedAtMs.set(sessionId, now());
    for (const [oldest, sinceMs] of endedAtMs) {
      if (now() - sinceMs <= ENDED_SESSION_MEMORY_MS) break;
      endedAtMs.delete(oldest);
    }
    onEnded(sessionId);
  };

  const read = async () => {
    for (const sessionId of await list(ENDED_SESSION_MEMORY_MS)) end(sessionId);
    isKnown = true;
    known.resolve();
  };

  const readUntilDone = async () => {
    if (isReading) return;
    isReading = true;
    while (!closing.signal.aborted) {
      try {
        await read();
        break;
      } catch (error) {
        log.warn({ err: error }, "could not read the ended sessions, trying again");
        await sleep(RETRY_MS, undefined, { signal: closing.signal }).catch(() => undefined);
      }
    }
    isReading = false;
  };

  const stopListening = [
    listener.on("session_ended", ({ sessionId }) => end(sessionId)),
    listener.onReconnect(() => void readUntilDone()),
  ];

  return {
    isEnded: (sessionId) => endedAtMs.has(sessionId),
    isKnown: () => isKnown,
    waitUntilKnown: (timeoutMs) => Promise.race([known.promise, sleep(timeoutMs, undefined, { ref: false })]),
    close() {
      closing.abort();
      for (const stop of stopListening) stop();
    },
  };
}
