import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { EGRESS_HEADER, RUN_HEADER, RUN_KIND_HEADER } from "@automna/contract/headers";
import type { Logger } from "@automna/service-kit/log";
import { sameSecret } from "@automna/service-kit/slot-keys";
import { Agent, type Dispatcher } from "undici";
import { passOn } from "./header-rules.ts";
import type { RunMark } from "./run-book.ts";

export interface ModelPortOptions {
  /** Egress addresses, best first. */
  egressUrls: readonly string[];
  /** Value of X-Automna-Egress: says which slot calls, and proves it. */
  credential: string;
  /** The run that a call made now belongs to. */
  markRun: () => RunMark;
  log: Logger;
}

export interface ModelPort {
  port: number;
  /** What the gateway sends as its API key; new with every start, so a copied one is worth nothing later. */
  token: string;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 3_000;
/** A model may think for minutes before the first byte; OpenClaw's own limit per run is 10 minutes. */
const ANSWER_TIMEOUT_MS = 600_000;

/** Opens the loopback port that OpenClaw takes for its model provider (design D7). */
export async function openModelPort({ egressUrls, credential, markRun, log }: ModelPortOptions): Promise<ModelPort> {
  const token = randomBytes(32).toString("base64url");
  const dispatcher = new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
  });
  const server = createServer((request, response) => {
    const refusal = judgeModelCall(request, token);
    if (refusal !== null) {
      answerInProvidersShape(response, refusal);
      return;
    }
    void forwardModelCall({ dispatcher, egressUrls, credential, markRun, log }, request, response);
  });
  server.requestTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    token,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await dispatcher.destroy();
    },
  };
}

interface Refusal {
  status: number;
  type: "authentication_error" | "not_found_error" | "api_error";
  message: string;
}

/** Null when the call may pass: the right token, and a path of the provider's API. Pure. */
export function judgeModelCall(
  request: Pick<IncomingMessage, "method" | "url" | "headers">,
  token: string,
): Refusal | null {
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
  const given = request.headers["x-api-key"] ?? bearer ?? "";
  if (typeof given !== "string" || !sameSecret(given, token))
    return { status: 401, type: "authentication_error", message: "The model port's token is missing or wrong." };
  const isKnown =
    (request.method === "POST" || request.method === "GET") && /^\/v1\/[\w/-]+(\?[^#\s]*)?$/.test(request.url ?? "");
  return isKnown ? null : { status: 404, type: "not_found_error", message: "There is no such model call." };
}

interface ModelCallDeps extends ModelPortOptions {
  dispatcher: Dispatcher;
}

/** Streams the call to the first egress that takes it. Once a byte of the body is on its way it stays with that one. */
async function forwardModelCall(
  { dispatcher, egressUrls, credential, markRun, log }: ModelCallDeps,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const run = markRun();
  const headers = {
    ...passOn(
      request.headers,
      (name) =>
        name === "host" ||
        name === "x-api-key" ||
        name === "authorization" ||
        name === "cookie" ||
        name.startsWith("x-automna-"),
    ),
    [EGRESS_HEADER]: credential,
    [RUN_HEADER]: run.id,
    [RUN_KIND_HEADER]: run.kind,
  };
  let isSent = false;
  async function* body(): AsyncGenerator<Buffer> {
    isSent = true;
    yield* request as AsyncIterable<Buffer>;
  }
  for (const origin of egressUrls) {
    try {
      const answer = await dispatcher.request({
        origin,
        path: request.url ?? "/",
        method: request.method as "GET" | "POST",
        headers,
        // Only asked for data once the connection stands, so an address that refuses has consumed nothing.
        body: request.method === "POST" ? Readable.from(body(), { objectMode: false }) : null,
        signal: gone.signal,
      });
      response.writeHead(
        answer.statusCode,
        passOn(answer.headers, () => false),
      );
      await pipeline(answer.body, response);
      return;
    } catch (error) {
      if (gone.signal.aborted) return;
      log.warn({ err: error, origin }, "an egress address did not carry a model call");
      if (response.headersSent) {
        response.destroy();
        return;
      }
      if (isSent) break;
    }
  }
  answerInProvidersShape(response, {
    status: 503,
    type: "api_error",
    message: "The model can't be reached at the moment. Please try again.",
  });
}

/** OpenClaw reads errors as the provider writes them, and retries or reports accordingly. */
function answerInProvidersShape(response: ServerResponse, { status, type, message }: Refusal): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ type: "error", error: { type, message } }));
}
