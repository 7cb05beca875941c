import type { IncomingMessage } from "node:http";
import { makeHeaderFacts } from "./header-facts.ts";
import { appError } from "@automna/contract/error-catalogue";

/** Methods that reach an agent. */
export const forwardedMethods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
export type ForwardedMethod = (typeof forwardedMethods)[number];

export type FramedRequest = Pick<IncomingMessage, "method" | "httpVersion" | "rawHeaders" | "headers">;

/** Headers whose second appearance means that two readers may see two requests. */
const singles = [
  "host",
  "content-length",
  "transfer-encoding",
  "content-type",
  "authorization",
  "origin",
  "expect",
  "upgrade",
  "sec-fetch-site",
  "sec-fetch-dest",
  "sec-fetch-mode",
  "sec-websocket-key",
  "sec-websocket-version",
];
/** One bit each. */
const singleBits = makeHeaderFacts((name) => ({ bit: singles.includes(name) ? 1 << singles.indexOf(name) : 0 }));
/** Their bodies have no meaning (RFC 9110, 9.3), and servers disagree on where they end. */
const bodiless = new Set(["GET", "HEAD", "OPTIONS"]);
const HEADERS_MAX = 128;

/** Throws `invalid_request` or `method_not_allowed` unless everyone behind us will see the same one request. */
export function assertFraming(request: FramedRequest): ForwardedMethod {
  const method = request.method ?? "";
  if (!isForwardedMethod(method)) throw appError("method_not_allowed");
  if (request.httpVersion !== "1.1" || hasRepeats(request.rawHeaders)) throw appError("invalid_request");
  const { "content-length": length, "transfer-encoding": encoding } = request.headers;
  if (encoding !== undefined) {
    if (length !== undefined || encoding.toLowerCase() !== "chunked") throw appError("invalid_request");
    if (bodiless.has(method) || method === "DELETE") throw appError("invalid_request");
  }
  if (length !== undefined && (!/^\d{1,15}$/.test(length) || (bodiless.has(method) && Number(length) !== 0))) {
    throw appError("invalid_request");
  }
  return method;
}

/** True when a body follows the head. */
export function hasBody({ headers }: Pick<FramedRequest, "headers">): boolean {
  const length = headers["content-length"];
  return headers["transfer-encoding"] !== undefined || (length !== undefined && Number(length) !== 0);
}

function isForwardedMethod(method: string): method is ForwardedMethod {
  return (forwardedMethods as readonly string[]).includes(method);
}

function hasRepeats(rawHeaders: readonly string[]): boolean {
  if (rawHeaders.length > 2 * HEADERS_MAX) return true;
  let seen = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const { bit } = singleBits.of(rawHeaders[index] ?? "");
    if ((seen & bit) !== 0) return true;
    seen |= bit;
  }
  return false;
}
