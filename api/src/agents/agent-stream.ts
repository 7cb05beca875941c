import { once } from "node:events";
import { SECOND_MS, type Clock } from "@automna/core/shared/clock";
import type { agentStreamEvents } from "@automna/contract/agents";
import { findAgent, listAgentEvents } from "@automna/records/agents";
import type { Database } from "@automna/records/database";
import type { Logger } from "@automna/service-kit/log";
import type { Request, Response } from "express";
import { toAgentView } from "./to-agent-view.ts";
import { toEventView } from "./to-event-view.ts";

export interface AgentStreamDeps {
  db: Database;
  now: Clock;
  /** Between two comments that keep the connection open, ms. */
  heartbeatMs?: number;
}

export interface AgentStreamRequest {
  agentId: string;
  request: Pick<Request, "headers" | "method">;
  response: Response;
  log: Logger;
}

export interface AgentStream {
  /** Something changed: look again. Any number of calls during a look are one more look. */
  wake: () => void;
  close: () => void;
}

const HEARTBEAT_MS = 15 * SECOND_MS;
/** A client that takes nothing for this long is cut. */
const DRAIN_DEADLINE_MS = 30 * SECOND_MS;
const RETRY_MS = SECOND_MS;
/** Events sent at the start, and read at once afterwards. */
const PAGE = 50;

/**
 * Takes over a response as a stream of an agent's state (contract/agents says of what form). Nothing is queued for a slow client: it
 * gets the state of the moment when it is ready for more, and its log from where it stopped.
 */
export function makeAgentStream(
  { db, now, heartbeatMs = HEARTBEAT_MS }: AgentStreamDeps,
  wish: AgentStreamRequest,
): AgentStream {
  const { agentId, request, response, log } = wish;
  let lastEventId = parseEventId(request.headers["last-event-id"]);
  let isStale = false;
  let isLooking = false;
  let retry: NodeJS.Timeout | undefined;
  const gone = new AbortController();

  response.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no",
  });
  response.write(`retry: ${RETRY_MS}\n\n`);
  const heartbeat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(": still here\n\n");
  }, heartbeatMs);
  response.once("close", () => {
    gone.abort();
    clearInterval(heartbeat);
    clearTimeout(retry);
  });
  const close = () => void response.end();

  const send = async (event: (typeof agentStreamEvents)[number], data: unknown, id?: string) => {
    if (gone.signal.aborted || response.writableEnded) return;
    const head = id === undefined ? "" : `id: ${id}\n`;
    if (response.write(`${head}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)) return;
    const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(DRAIN_DEADLINE_MS)]);
    await once(response, "drain", { signal }).catch(() => response.destroy());
  };

  const sendNewEvents = async () => {
    for (;;) {
      const events = await listAgentEvents(db, agentId, { afterId: lastEventId, limit: PAGE });
      const wasFirst = lastEventId === null;
      for (const event of events) {
        await send("log", toEventView(event), String(event.id));
        lastEventId = event.id;
      }
      if (wasFirst || events.length < PAGE || gone.signal.aborted) return;
    }
  };

  const look = async () => {
    const agent = await findAgent(db, agentId);
    if (agent !== null) await send("agent", toAgentView(agent, now()));
    await sendNewEvents();
    if (agent !== null && agent.phase !== "deleted") return;
    await send("gone", {});
    close();
  };

  const wake = () => {
    isStale = true;
    if (isLooking || gone.signal.aborted) return;
    isLooking = true;
    void (async () => {
      while (isStale && !gone.signal.aborted) {
        isStale = false;
        await look();
      }
    })()
      .catch((error: unknown) => {
        if (gone.signal.aborted) return;
        log.warn({ err: error, agentId }, "a stream could not look at its agent, it will again");
        clearTimeout(retry);
        retry = setTimeout(wake, RETRY_MS);
      })
      .finally(() => {
        isLooking = false;
        if (isStale) wake();
      });
  };

  if (request.method === "HEAD") close();
  return { wake, close };
}

/** An event id as we gave it; anything else starts from the newest. */
export function parseEventId(text: string | string[] | undefined): bigint | null {
  return typeof text === "string" && /^\d{1,18}$/.test(text) ? BigInt(text) : null;
}
