import { LRUCache } from "lru-cache";
import type { Logger } from "@automna/service-kit/log";
import type { NotifyListener } from "@automna/service-kit/notify";
import type { Caller } from "./authorize.ts";
import type { HeldConnections } from "./held-connections.ts";

/** Tells the other ingress processes of a token that was verified here (records/sessions.announceSessionSeen). */
export type TellSessionSeen = (seen: { sessionId: string; userId: string; tokenIssuedAtS: number }) => Promise<void>;

export interface SeenSessions {
  /** Call after each verification. */
  seen: (caller: Caller) => void;
  close: () => void;
}

export interface SeenSessionsDeps {
  tell: TellSessionSeen;
  listener: Pick<NotifyListener, "on">;
  held: Pick<HeldConnections, "refresh">;
  log: Logger;
}

const REMEMBERED_MAX = 100_000;
/** Less than so much newer is no news: what is held lives 5 minutes, and an API key is fresh at each request. */
const NEWS_S = 60;

/**
 * The keep-alive brings a session's fresh token to one process, while its sockets may be held by others (workers,
 * replicas): whoever sees a newer token first tells all, once per token.
 */
export function makeSeenSessions({ tell, listener, held, log }: SeenSessionsDeps): SeenSessions {
  const issuedAtS = new LRUCache<string, number>({ max: REMEMBERED_MAX });
  const isNews = (sessionId: string, tokenIssuedAtS: number) => {
    if (tokenIssuedAtS - (issuedAtS.get(sessionId) ?? Number.NEGATIVE_INFINITY) < NEWS_S) return false;
    issuedAtS.set(sessionId, tokenIssuedAtS);
    return true;
  };

  const stop = listener.on("session_seen", ({ sessionId, tokenIssuedAtS }) => {
    isNews(sessionId, tokenIssuedAtS);
    held.refresh({ sessionId, tokenIssuedAtS });
  });

  return {
    seen({ sessionId, userId, tokenIssuedAtS }) {
      held.refresh({ sessionId, tokenIssuedAtS });
      if (!isNews(sessionId, tokenIssuedAtS)) return;
      tell({ sessionId, userId, tokenIssuedAtS: Math.floor(tokenIssuedAtS) }).catch((error: unknown) => {
        // Told again with the next request; who has to wait too long connects again.
        issuedAtS.delete(sessionId);
        log.debug({ err: error }, "could not tell of a fresh token");
      });
    },
    close: stop,
  };
}
