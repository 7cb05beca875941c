import type { IncomingMessage, ServerResponse } from "node:http";
import { errorCatalogue } from "@automna/contract/error-catalogue";
import { isAppError } from "@automna/core/shared/app-error";
import { MINUTE_MS } from "@automna/core/shared/clock";
import { Pool } from "undici";
import { Exchange } from "../exchange.ts";
import type { ModelCall } from "./endpoints.ts";
import { gatewayResponseHeaders, providerRequestHeaders } from "./model-headers.ts";
import { answerProviderError, keyRefusalOf, keyRefused, ProviderError } from "./provider-error.ts";

/** The provider's own limit of a request. */
export const BODY_MAX_BYTES = 32 * 1024 * 1024;
/** Unstreamed answers are complete before their first byte. */
const FIRST_BYTE_TIMEOUT_MS = 5 * MINUTE_MS;
/** The provider sends a ping when it has nothing to say; longer silence is a dead line. */
const SILENCE_TIMEOUT_MS = 2 * MINUTE_MS;

export interface ModelProvider {
  /** Passes one call on with the customer's key and its answer back, both streamed. */
  forward: (request: IncomingMessage, response: ServerResponse, call: ModelCall & { apiKey: string }) => void;
  close: () => Promise<void>;
}

/** The model provider at `url`; a path in it comes before the calls' own. */
export function makeModelProvider(url: string, onUnreachable: (error: Error) => void): ModelProvider {
  const { origin, pathname } = new URL(url);
  const prefix = pathname.replace(/\/$/, "");
  const pool = new Pool(origin, {
    connections: 512,
    pipelining: 1,
    allowH2: false,
    headersTimeout: FIRST_BYTE_TIMEOUT_MS,
    bodyTimeout: SILENCE_TIMEOUT_MS,
    connectTimeout: 10_000,
  });

  const toProviderError = (error: Error): ProviderError => {
    if (error instanceof ProviderError) return error;
    if (isAppError(error, "body_too_large")) return tooLarge();
    onUnreachable(error);
    return new ProviderError("overloaded_error", errorCatalogue.provider_unreachable.message, { cause: error });
  };

  return {
    forward(request, response, { target, endpoint, apiKey }) {
      new Exchange(request, response, {
        dispatcher: pool,
        method: request.method ?? "GET",
        path: `${prefix}${target}`,
        headers: providerRequestHeaders(request.headers, apiKey),
        hasBody: endpoint === "messages" || endpoint === "count_tokens",
        bodyMaxBytes: BODY_MAX_BYTES,
        toResponseHeaders: (status, headers) => {
          const refusal = keyRefusalOf(status);
          if (refusal !== null) throw keyRefused(refusal);
          return gatewayResponseHeaders(headers);
        },
        onFailed: ({ error }) => answerProviderError(response, toProviderError(error)),
      }).start();
    },
    close: () => pool.destroy(),
  };
}

export function tooLarge(): ProviderError {
  return new ProviderError("request_too_large", "The request is larger than the model provider accepts.");
}
