import type { ServerResponse } from "node:http";
import { KEY_REFUSAL_STATUS, keyRefusals, type KeyRefusal } from "@automna/contract/model-refusals";

/** The provider's error types that we answer with, and their statuses: the gateway reacts to these as to the provider's own. */
const statuses = {
  key_missing: KEY_REFUSAL_STATUS,
  key_invalid: KEY_REFUSAL_STATUS,
  key_limited: KEY_REFUSAL_STATUS,
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

  constructor(type: ProviderErrorType, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "ProviderError";
    this.type = type;
    this.status = statuses[type];
  }
}

/** What is wrong with the customer's key, in a way that the gateway gets over. */
export function keyRefused(refusal: KeyRefusal): ProviderError {
  return new ProviderError(refusal, keyRefusals[refusal]);
}

/** The provider's own refusal of the key, by the status it comes with; null for every other answer. */
export function keyRefusalOf(status: number): KeyRefusal | null {
  if (status === 401 || status === 403) return "key_invalid";
  return status === 402 ? "key_limited" : null;
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
  if (!response.req.complete) headers.push("connection", "close");
  response.writeHead(error.status, headers);
  response.end(body);
}
