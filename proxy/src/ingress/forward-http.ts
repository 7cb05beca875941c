import type { IncomingMessage, ServerResponse } from "node:http";
import { isAppError } from "@automna/core/shared/app-error";
import type { BackendConnections } from "./backend-connections.ts";
import { HttpExchange, type HttpFailure } from "./http-exchange.ts";
import { unavailable } from "./phase-answers.ts";
import { hasBody } from "./request-framing.ts";
import { browserResponseHeaders } from "./response-headers.ts";
import type { Passage } from "./passage.ts";
import type { Backend } from "./route.ts";

export interface HttpForward {
  request: IncomingMessage;
  response: ServerResponse;
  method: string;
  path: string;
  userId: string;
  passage: Passage;
  bodyMaxBytes: number;
  /** Flat list for this backend. */
  toRequestHeaders: (backend: Backend) => string[];
  /** Looks the route up anew after an address did not answer. Throws what the caller gets instead. */
  findBackendAgain: () => Promise<Backend>;
  /** Answers with an error; the answer has not begun. */
  refuse: (error: unknown) => void;
}

/** Passes one request to the agent and its answer back. A backend that can't be reached is looked up once more. */
export function forwardHttp(connections: BackendConnections, forward: HttpForward, backend: Backend): void {
  send(connections, forward, backend, (failure) => {
    if (!canTryAgain(forward, failure)) {
      forward.refuse(toRefusal(failure.error));
      return;
    }
    void sendAgain(connections, forward);
  });
}

/** Where the agent answers by now. Whoever left meanwhile is not asked for again: nobody would end it. Never rejects. */
async function sendAgain(connections: BackendConnections, forward: HttpForward): Promise<void> {
  try {
    const backend = await forward.findBackendAgain();
    if (!forward.response.destroyed)
      send(connections, forward, backend, ({ error }) => forward.refuse(toRefusal(error)));
  } catch (error) {
    forward.refuse(error);
  }
}

function send(
  connections: BackendConnections,
  forward: HttpForward,
  backend: Backend,
  onFailed: (failure: HttpFailure) => void,
): void {
  const { request, response, method, path, userId, passage, bodyMaxBytes } = forward;
  const { requestId, tally } = passage;
  new HttpExchange(request, response, {
    pool: connections.pool(backend),
    host: `${backend.host}:${backend.port}`,
    method,
    path,
    headers: forward.toRequestHeaders(backend),
    hasBody: hasBody(request),
    bodyMaxBytes,
    tally,
    toResponseHeaders(status, headers) {
      passage.answered(status);
      return browserResponseHeaders(headers, { userId, requestId, status });
    },
    onFailed,
  }).start();
}

/** Not sent: nothing can happen twice. Sent on a connection that was just being closed: reading twice does no harm. */
function canTryAgain({ request, response, method }: HttpForward, { wasSent, wasKept }: HttpFailure): boolean {
  if (response.destroyed) return false;
  if (!wasSent) return true;
  return wasKept && (method === "GET" || method === "HEAD") && !hasBody(request);
}

/** Causes name addresses; callers learn that the agent doesn't answer. */
function toRefusal(error: Error): unknown {
  return isAppError(error) ? error : unavailable(error);
}
