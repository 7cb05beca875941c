import type { ServerResponse } from "node:http";

/** The provider's error types that we answer with, and their statuses: the gateway reacts to these as to the provider's own. */
const statuses = {
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
