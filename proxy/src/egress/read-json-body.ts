import type { IncomingMessage } from "node:http";
import { isAppError } from "@automna/core/shared/app-error";
import { RequestBody } from "../request-body.ts";
import { BODY_MAX_BYTES, tooLarge } from "./forward-model-call.ts";
import { ProviderError } from "./provider-error.ts";

export interface JsonBody {
  value: unknown;
  bytes: number;
}

/** A request's whole body as JSON. Throws a ProviderError for one that is too large, cut short or something else. */
export async function readJsonBody(request: IncomingMessage): Promise<JsonBody> {
  const parts: Buffer[] = [];
  try {
    for await (const part of new RequestBody(request, BODY_MAX_BYTES)) parts.push(part);
  } catch (cause) {
    throw isAppError(cause, "body_too_large")
      ? tooLarge()
      : new ProviderError("invalid_request_error", "The request was cut short.", { cause });
  }
  const body = Buffer.concat(parts);
  try {
    return { value: JSON.parse(body.toString("utf8")), bytes: body.length };
  } catch {
    throw new ProviderError("invalid_request_error", "The request is not JSON.");
  }
}
