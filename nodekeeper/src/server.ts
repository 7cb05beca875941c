import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { nodekeeperRoutes, type NodekeeperRouteName } from "@automna/contract/nodekeeper";
import { errorAnswerFor } from "@automna/contract/error-body";
import { isAppError } from "@automna/core/shared/app-error";
import type { Logger } from "@automna/service-kit/log";
import { makeClosedServer, type Credentials } from "./authenticate.ts";
import type { Fences } from "./fencing.ts";
import { readBody, readFencing, readTarget, type ReadTarget } from "./read-request.ts";
import type { RouteCall, RouteHandlers } from "./route-handlers.ts";
import type { SlotTurns } from "./slot-turns.ts";

interface ServerOptions {
  host: string;
  port: number;
  credentials: Credentials;
  handlers: RouteHandlers;
  fences: Fences;
  turns: SlotTurns;
  log: Logger;
}

export interface NodekeeperServer {
  port: number;
  close: () => Promise<void>;
}

const LINGER_BYTES = 16 * 1024 * 1024;
const LINGER_MS = 3_000;

export async function startServer(options: ServerOptions): Promise<NodekeeperServer> {
  const { host, port, credentials, log } = options;
  const server = makeClosedServer(credentials);
  server.on("request", (request, response) => void answer(options, request, response));
  server.listen(port, host);
  await once(server, "listening");
  server.on("error", (error) => log.error({ err: error }, "the listener failed"));
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(options: ServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { log } = options;
  const startedAt = performance.now();
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  let target: ReadTarget | null = null;
  try {
    target = readTarget(request.method ?? "", request.url ?? "");
    const result = await handle(options, { target, request, response, signal: gone.signal });
    if (!response.headersSent) writeJson(response, 200, result);
  } catch (error) {
    const { status, body } = errorAnswerFor(error);
    const line = { err: error, route: target?.name, slotId: target?.slotId };
    if (isAppError(error) && error.kind !== "bug") log.info(line, "refused");
    else if (!gone.signal.aborted) log.error(line, "a call failed");
    // Half a stream can't be taken back: the reader misses its end.
    if (response.headersSent) response.destroy();
    else writeJson(response, status, body);
  }
  if (target !== null && nodekeeperRoutes[target.name].isChanging)
    log.info({ route: target.name, slotId: target.slotId, ms: Math.round(performance.now() - startedAt) }, "handled");
}

interface OpenCall {
  target: ReadTarget;
  request: IncomingMessage;
  response: ServerResponse;
  signal: AbortSignal;
}

async function handle({ handlers, fences, turns }: ServerOptions, call: OpenCall): Promise<unknown> {
  const { target, request, signal } = call;
  const { name, slotId } = target;
  const fencing = readFencing(request, name);
  const isStreamed = "stream" in nodekeeperRoutes[name] && nodekeeperRoutes[name].stream === "request";
  const body = isStreamed ? {} : await readBody(request, name);
  const work = () => callHandler(handlers, name, { ...call, body });
  if (fencing === null) return work();
  return turns.take(slotId, signal, async () => {
    await fences.pass(slotId, fencing);
    return work();
  });
}

function callHandler(
  handlers: RouteHandlers,
  name: NodekeeperRouteName,
  { target, request, response, signal, body }: OpenCall & { body: unknown },
): Promise<unknown> {
  // The table is typed by route, the body was parsed by the same route's schema.
  const handler: (call: RouteCall<NodekeeperRouteName>) => Promise<unknown> = handlers[name];
  return handler({
    slotId: target.slotId,
    snapshot: target.snapshot,
    body: body as never,
    query: target.query as never,
    // Left early, it stays open: the answer goes over the same connection.
    bytes: request.iterator({ destroyOnReturn: false }),
    signal,
    async pass(bytes) {
      response.writeHead(200, { "content-type": "application/octet-stream" });
      await pipeline(Readable.from(bytes, { objectMode: false }), response, { signal });
    },
  });
}

function writeJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  response.end(text);
  lingerOver(response.req);
}

/**
 * Reads on for a moment without keeping anything: a connection that is closed over bytes that nobody read is reset, and the
 * caller, still sending, never sees why.
 */
function lingerOver(request: IncomingMessage): void {
  if (request.complete) return;
  let left = LINGER_BYTES;
  const timer = setTimeout(() => request.destroy(), LINGER_MS);
  request.on("close", () => clearTimeout(timer));
  request.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.destroy();
  });
}
