import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { errorCatalogue } from "@automna/contract/error-catalogue";
import { EGRESS_HEADER } from "@automna/contract/headers";
import { SECOND_MS } from "@automna/core/shared/clock";
import type { Logger } from "@automna/service-kit/log";
import type { DemoModel } from "./demo-model.ts";
import { parseModelCall } from "./endpoints.ts";
import type { ModelAccessFinder } from "./find-model-access.ts";
import { BODY_MAX_BYTES, tooLarge, type ModelProvider } from "./forward-model-call.ts";
import { answerProviderError, keyRefused, ProviderError } from "./provider-error.ts";

export interface EgressServerDeps {
  access: ModelAccessFinder;
  provider: ModelProvider;
  demo: DemoModel;
  log: Logger;
}

/** The model gateway's HTTP server: who calls, may they, whose key, and then only bytes. */
export function makeEgressServer(deps: EgressServerDeps): Server {
  const server = createServer({
    insecureHTTPParser: false,
    headersTimeout: 15 * SECOND_MS,
    requestTimeout: 0,
    keepAliveTimeout: 30 * SECOND_MS,
    noDelay: true,
    keepAlive: true,
  });
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    if (request.url === "/healthz") {
      response.writeHead(200, { "content-type": "application/json" }).end('{"ok":true}');
      return;
    }
    answer(deps, request, response).catch((error: unknown) => {
      if (!(error instanceof ProviderError)) deps.log.error({ err: error }, "model call failed");
      answerProviderError(response, error instanceof ProviderError ? error : internalError(error));
    });
  });
  return server;
}

async function answer(
  { access, provider, demo }: EgressServerDeps,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const credential = request.headers[EGRESS_HEADER];
  // Who calls comes first: whoever doesn't belong here learns nothing of what there is.
  const found = await access.find(typeof credential === "string" ? credential : undefined);
  const call = parseModelCall(request.method ?? "", request.url ?? "");
  if (call === null) throw new ProviderError("permission_error", errorCatalogue.model_request_refused.message);
  if (Number(request.headers["content-length"] ?? 0) > BODY_MAX_BYTES) throw tooLarge();
  if (response.destroyed) return;
  if (found.modelSource === "demo") {
    await demo.answer(request, response, call);
    return;
  }
  if (found.apiKey === null) throw keyRefused("key_missing");
  provider.forward(request, response, { ...call, apiKey: found.apiKey });
}

function internalError(cause: unknown): ProviderError {
  return new ProviderError("api_error", errorCatalogue.internal_error.message, { cause });
}
