import type { ServerResponse } from "node:http";
import { errorCatalogue } from "@automna/contract/error-catalogue";
import { MODEL_REFUSAL_STATUS, modelRefusals, type ModelRefusal } from "@automna/contract/model-refusals";

/** The provider's error types that we answer with, and their statuses: the gateway reacts to these as to the provider's own. */
const statuses = {
  key_missing: MODEL_REFUSAL_STATUS,
  key_invalid: MODEL_REFUSAL_STATUS,
  key_limited: MODEL_REFUSAL_STATUS,
  credits_exhausted: MODEL_REFUSAL_STATUS,
  credits_not_included: MODEL_REFUSAL_STATUS,
  agent_too_busy: MODEL_REFUSAL_STATUS,
  authentication_error: 401,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  invalid_request_error: 400,
  api_error: 500,
  overloaded_error: 529,
} as const;
export type ProviderErrorType = keyof typeof statuses;

/** A refusal in the provider's shape. `message` is read by the customer. */
export class ProviderError extends Error {
  readonly type: ProviderErrorType;
  readonly status: number;
  /** Value of `retry-after` that goes with it. */
  readonly retryAfter: string | null;

  constructor(type: ProviderErrorType, message: string, options: { cause?: unknown; retryAfter?: string } = {}) {
    super(message, { cause: options.cause });
    this.name = "ProviderError";
    this.type = type;
    this.status = statuses[type];
    this.retryAfter = options.retryAfter ?? null;
  }
}

/** Why the customer's model does not answer, in a way that the gateway gets over. */
export function modelRefused(refusal: ModelRefusal): ProviderError {
  return new ProviderError(refusal, modelRefusals[refusal]);
}

/** The provider's refusal of a customer's key, by the status it comes with; null for every other answer. */
export function keyRefusalOf(status: number): ProviderError | null {
  if (status === 401 || status === 403) return modelRefused("key_invalid");
  return status === 402 ? modelRefused("key_limited") : null;
}

/** The same of the platform's own key: nothing that a customer could put right, so it is told as an outage. */
export function platformRefusalOf(status: number, retryAfter: string | undefined): ProviderError | null {
  if (status !== 401 && status !== 402 && status !== 403 && status !== 429) return null;
  return new ProviderError("overloaded_error", errorCatalogue.provider_unreachable.message, {
    cause: new Error(`the provider refused the platform's key with ${status}`),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
}

export function providerErrorBody(type: string, message: string): string {
  return JSON.stringify({ type: "error", error: { type, message } });
}

/** Answers with the error; one that comes too late for that cuts the answer. */
export function answerProviderError(response: ServerResponse, error: ProviderError): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const body = providerErrorBody(error.type, error.message);
  const headers = ["content-type", "application/json", "content-length", String(Buffer.byteLength(body))];
  if (error.retryAfter !== null) headers.push("retry-after", error.retryAfter);
  if (!response.req.complete) headers.push("connection", "close");
  response.writeHead(error.status, headers);
  response.end(body);
}
