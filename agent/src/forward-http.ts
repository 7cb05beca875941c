import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { Logger } from "@automna/service-kit/log";
import type { Dispatcher } from "undici";
import { answerError } from "./answers.ts";
import type { GatewayAddress } from "./gateway-client.ts";
import { customerResponseHeaders, gatewayRequestHeaders } from "./header-rules.ts";

export interface HttpForwarder {
  dispatcher: Dispatcher;
  log: Logger;
}

/** Forwards a request to the gateway and streams the answer; resolves when the exchange is over, never rejects. */
export async function forwardHttp(
  { dispatcher, log }: HttpForwarder,
  address: GatewayAddress,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  try {
    const answer = await dispatcher.request({
      origin: `http://127.0.0.1:${address.port}`,
      path: request.url ?? "/",
      method: request.method ?? "GET",
      headers: gatewayRequestHeaders(request.headers, address.gateHeader),
      body: hasBody(request) ? request : null,
      signal: gone.signal,
    });
    response.writeHead(answer.statusCode, customerResponseHeaders(answer.headers));
    await pipeline(answer.body, response);
  } catch (error) {
    if (gone.signal.aborted) return;
    log.warn({ err: error }, "the gateway did not answer a request");
    if (response.headersSent) response.destroy();
    else answerError(response, "agent_unavailable");
  }
}

function hasBody(request: IncomingMessage): boolean {
  return request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > 0;
}
