import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { appError } from "@automna/contract/error-catalogue";
import { errorAnswer } from "@automna/contract/error-body";
import { SECOND_MS } from "@automna/core/shared/clock";

export interface IngressServerDeps {
  request: (request: IncomingMessage, response: ServerResponse, mayContinue: boolean) => void;
  upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  refuse: (response: ServerResponse, error: unknown) => void;
  presence: () => Presence;
}

/** `starting`: it can't tell yet who is signed out. `leaving`: connections should go elsewhere. */
export type Presence = "starting" | "ready" | "leaving";

/** For whoever supervises the process: is it alive? And for whoever sends it connections: should it get any? */
const healthPaths = { live: "/healthz", ready: "/readyz" } as const;

/** The edge (Traefik, 90 s) must be the one to close idle connections, or it sends into one that we just closed. */
const KEEP_ALIVE_MS = 100 * SECOND_MS;
/** A head that takes longer is a slow-loris. */
const HEADERS_MS = 15 * SECOND_MS;
const HEADERS_MAX_BYTES = 16_384;

/** Ingress's HTTP server with Node's strict parser; everything but its own health is the handlers' business. */
export function makeIngressServer(deps: IngressServerDeps): Server {
  const server = createServer({
    insecureHTTPParser: false,
    requireHostHeader: true,
    maxHeaderSize: HEADERS_MAX_BYTES,
    headersTimeout: HEADERS_MS,
    // Uploads and event streams take as long as they take; silence within a body is watched where it is read.
    requestTimeout: 0,
    connectionsCheckingInterval: 5 * SECOND_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    noDelay: true,
    keepAlive: true,
    // A request without a body is no stream: nobody reads it, and a stream's life costs more than most checks here.
    optimizeEmptyRequests: true,
    keepAliveInitialDelay: 30 * SECOND_MS,
  });
  // Node would silently leave out what exceeds its default; the framing guard refuses too many instead.
  server.maxHeadersCount = 0;

  const onRequest = (request: IncomingMessage, response: ServerResponse, mayContinue: boolean) => {
    const presence = deps.presence();
    // The caller's next request finds another process (RFC 9112, 9.6).
    if (presence === "leaving") response.shouldKeepAlive = false;
    if (request.url === healthPaths.live) answerHealth(request, response, { isWell: true, presence });
    else if (request.url === healthPaths.ready)
      answerHealth(request, response, { isWell: presence === "ready", presence });
    else deps.request(request, response, mayContinue);
  };
  server.on("request", (request: IncomingMessage, response: ServerResponse) => onRequest(request, response, false));
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) =>
    onRequest(request, response, true),
  );
  server.on("checkExpectation", (_request: IncomingMessage, response: ServerResponse) =>
    deps.refuse(response, appError("invalid_request")),
  );
  server.on("upgrade", deps.upgrade);
  server.on("clientError", answerUnreadable);
  return server;
}

function answerHealth(
  request: IncomingMessage,
  response: ServerResponse,
  { isWell, presence }: { isWell: boolean; presence: Presence },
): void {
  const isRead = request.method === "GET" || request.method === "HEAD";
  const status = !isRead ? 405 : isWell ? 200 : 503;
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify({ ok: status === 200, presence }));
}

/** What Node's parser refused: answered if nothing of an answer is on its way, and the connection closed in any case. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === "ECONNRESET" || hasAnswerUnderWay(socket)) {
    socket.destroy();
    return;
  }
  const { body } = errorAnswer("invalid_request");
  const text = JSON.stringify(body);
  const status = statusLines[error.code ?? ""] ?? "400 Bad Request";
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
    () => socket.destroy(),
  );
}

const statusLines: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Payload Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/** Node keeps the answer being sent at the socket; there is no public way to ask. */
function hasAnswerUnderWay(socket: Duplex): boolean {
  const { _httpMessage: message } = socket as Duplex & { _httpMessage?: ServerResponse | null };
  return message !== undefined && message !== null;
}
