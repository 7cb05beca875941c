import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { pipeline } from "node:stream";
import type { Logger } from "@automna/service-kit/log";
import type { Engine, EngineRequest } from "./engine.ts";
import { keepLines } from "./event-lines.ts";
import { Refusal } from "./refusal.ts";
import { parseRequestTarget } from "./request-target.ts";
import { findRoute, type Access } from "./routes.ts";

export interface SocketProxyDeps {
  access: Access;
  engine: Engine;
  log: Logger;
}

const BODY_BYTES_MAX = 64 * 1024;
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 15_000;
/** Of an answer, what its reader needs; the engine's own headers say more about it than anybody must know. */
const ANSWER_HEADERS = ["content-type", "content-length", "api-version"] as const;

/**
 * Docker's API for one caller: what is not in its list does not exist, and nothing of a request is passed on as it came. Target and body
 * are read once, strictly, and written anew from what was read; headers are our own.
 */
export function makeSocketProxy(deps: SocketProxyDeps): Server {
  const server = createServer((request, response) => {
    void answer(request, response, deps);
  });
  // A connection that is taken over (attach, exec, session) would carry what nobody looks at.
  server.on("upgrade", (request, socket) => {
    deps.log.warn({ method: request.method, reason: "an upgrade" }, "refused");
    socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  });
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  return server;
}

async function answer(request: IncomingMessage, response: ServerResponse, deps: SocketProxyDeps): Promise<void> {
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  try {
    const asked = await check(request, deps, gone.signal);
    const answered = await deps.engine.send(asked, gone.signal);
    passBack(answered, response, asked.keepsLine);
  } catch (error) {
    if (gone.signal.aborted) return;
    refuse(request, response, error, deps.log);
  }
}

async function check(
  request: IncomingMessage,
  { access, engine }: SocketProxyDeps,
  signal: AbortSignal,
): Promise<EngineRequest> {
  const target = parseRequestTarget(request.url ?? "", access.versions);
  const route = findRoute(access.routes, request.method ?? "", target);
  if (route === null) throw new Refusal("not in the list");
  const text = await readBody(request);
  if (!route.takesBody && text !== "") throw new Refusal("a body where none belongs");
  return route.toEngine({ target, body: route.takesBody ? parseJson(text) : undefined, engine, signal });
}

function passBack(answered: IncomingMessage, response: ServerResponse, keepsLine: EngineRequest["keepsLine"]): void {
  const headers = ANSWER_HEADERS.flatMap((name) => {
    const value = answered.headers[name];
    return value === undefined || (name === "content-length" && keepsLine !== undefined)
      ? []
      : [[name, value] as const];
  });
  response.writeHead(answered.statusCode ?? 502, Object.fromEntries(headers));
  // A stream's headers must not wait for its first event.
  response.flushHeaders();
  const ended = () => answered.destroy();
  if (keepsLine !== undefined && answered.statusCode === 200) pipeline(answered, keepLines(keepsLine), response, ended);
  else pipeline(answered, response, ended);
}

function refuse(request: IncomingMessage, response: ServerResponse, error: unknown, log: Logger): void {
  const refusal = error instanceof Refusal ? error : new Refusal("the socket proxy failed", 500, { cause: error });
  log.warn({ method: request.method, reason: refusal.message, err: refusal.cause }, "refused");
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const text = JSON.stringify({ message: `socket proxy: ${refusal.message}` });
  // What was not read of the body must not be taken for the next request.
  response.writeHead(refusal.status, { "content-type": "application/json", connection: "close" }).end(text);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_BYTES_MAX) throw new Refusal("a body that is too long", 413);
    chunks.push(chunk);
  }
  return decodeUtf8(Buffer.concat(chunks));
}

function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Refusal("a body that is no UTF-8");
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal("a body that is no JSON");
  }
}
