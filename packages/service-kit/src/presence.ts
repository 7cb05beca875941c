import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * How a service behind an edge comes and goes. When it stops it first says so on `/readyz` and goes on answering, so that the edge
 * sends new requests elsewhere; closing at once would cost everybody an error until the edge has noticed.
 */
export interface Presence {
  /** Answers `/healthz` (the process lives) and `/readyz` (it may get requests). False: the request is not for us. */
  answer: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Not ready from now on; resolves when an edge that looks within `noticeMs` has seen it. */
  leave: (noticeMs: number) => Promise<void>;
}

const LIVE_PATH = "/healthz";
const READY_PATH = "/readyz";

export function makePresence(): Presence {
  let isLeaving = false;
  return {
    answer(request, response) {
      // The caller's next request finds another process (RFC 9112, 9.6).
      if (isLeaving) response.shouldKeepAlive = false;
      if (request.url !== LIVE_PATH && request.url !== READY_PATH) return false;
      const isWell = request.url === LIVE_PATH || !isLeaving;
      response.writeHead(isWell ? 200 : 503, { "content-type": "application/json", "cache-control": "no-store" });
      response.end(JSON.stringify({ ok: isWell, status: isLeaving ? "leaving" : "live" }));
      return true;
    },
    async leave(noticeMs) {
      isLeaving = true;
      await sleep(noticeMs);
    },
  };
}
