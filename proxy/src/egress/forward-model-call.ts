import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { errorCatalogue } from "@automna/contract/error-catalogue";
import { isAppError } from "@automna/core/shared/app-error";
import { MINUTE_MS } from "@automna/core/shared/clock";
import { Pool } from "undici";
import { Exchange, type ExchangeEnd } from "../exchange.ts";
import type { ModelCall } from "./endpoints.ts";
import { makeStreamMeter, type MeterReading, type StreamMeter } from "./meter-stream.ts";
import { gatewayResponseHeaders, providerRequestHeaders } from "./model-headers.ts";
import { answerProviderError, ProviderError } from "./provider-error.ts";

/** The provider's own limit of a request. */
export const BODY_MAX_BYTES = 32 * 1024 * 1024;
/** Unstreamed answers are complete before their first byte. */
const FIRST_BYTE_TIMEOUT_MS = 5 * MINUTE_MS;
/** The provider sends a ping when it has nothing to say; longer silence is a dead line. */
const SILENCE_TIMEOUT_MS = 2 * MINUTE_MS;

/** A call as it goes to the provider. */
export interface OutgoingCall extends ModelCall {
  apiKey: string;
  /** Replaces the caller's body, which was read already. */
  body?: Buffer;
  /** The provider's refusal of the key, in our own words; null = the answer passes as it is. */
  refusalOf: (status: number, headers: IncomingHttpHeaders) => ProviderError | null;
  /** The provider has begun to answer. */
  onHead: () => void;
  /** The call is over, whatever became of it; called once. */
  onEnd: (end: CallEnd) => void;
}

export interface CallEnd {
  end: ExchangeEnd;
  /** The provider's; null = it did not answer. */
  status: number | null;
  /** Of an answer to `POST /v1/messages`; null for everything else. */
  reading: MeterReading | null;
}

export interface ModelProvider {
  /** Passes one call on with its key and its answer back, both streamed. */
  forward: (request: IncomingMessage, response: ServerResponse, call: OutgoingCall) => void;
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
    if (error instanceof ProviderError) {
      if (error.cause !== undefined) onUnreachable(error);
      return error;
    }
    if (isAppError(error, "body_too_large")) return tooLarge();
    onUnreachable(error);
    return new ProviderError("overloaded_error", errorCatalogue.provider_unreachable.message, { cause: error });
  };

  return {
    forward(request, response, { target, endpoint, apiKey, body, refusalOf, onHead, onEnd }) {
      let meter = null as StreamMeter | null;
      let answered = null as number | null;
      new Exchange(request, response, {
        dispatcher: pool,
        method: request.method ?? "GET",
        path: `${prefix}${target}`,
        headers: providerRequestHeaders(request.headers, apiKey, body?.length),
        hasBody: endpoint === "messages" || endpoint === "count_tokens",
        ...(body === undefined ? {} : { body }),
        bodyMaxBytes: BODY_MAX_BYTES,
        toResponseHeaders: (status, headers) => {
          answered = status;
          onHead();
          const refusal = refusalOf(status, headers);
          if (refusal !== null) throw refusal;
          if (endpoint === "messages" && status === 200) meter = makeStreamMeter(headers["content-type"] ?? "");
          return gatewayResponseHeaders(headers);
        },
        onData: (chunk) => meter?.write(chunk),
        onEnd: (end) => onEnd({ end, status: answered, reading: meter?.read() ?? null }),
        onFailed: ({ error }) => answerProviderError(response, toProviderError(error)),
      }).start();
    },
    close: () => pool.destroy(),
  };
}

export function tooLarge(): ProviderError {
  return new ProviderError("request_too_large", "The request is larger than the model provider accepts.");
}
