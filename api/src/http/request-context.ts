import { randomBytes } from "node:crypto";
import { REQUEST_ID_HEADER } from "@automna/contract/headers";
import type { Clock } from "@automna/core/shared/clock";
import type { Logger } from "@automna/service-kit/log";
import type { NextFunction, Request, Response } from "express";

/** Answers of the api are data, never pages: nothing in them may run, be framed, or be kept. */
const fixedHeaders = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
} as const;

/** Gives each request its id, its log and the headers of every answer; logs one line at its end. */
export function makeRequestContext(log: Logger, now: Clock) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const startedMs = now();
    const requestId = readRequestId(request) ?? randomBytes(12).toString("base64url");
    const child = log.child({ requestId });
    response.locals["requestId"] = requestId;
    response.locals["log"] = child;
    response.set({ ...fixedHeaders, [REQUEST_ID_HEADER]: requestId });
    response.once("close", () => {
      // The route's pattern, not the address: a start link's token is in its query.
      const path: unknown = request.route?.path ?? "(none)";
      child.info({ method: request.method, path, status: response.statusCode, ms: now() - startedMs }, "answered");
    });
    next();
  };
}

/** An edge before us may have given the request its id already. */
function readRequestId(request: Request): string | null {
  const given = request.get(REQUEST_ID_HEADER) ?? "";
  return /^[\w-]{8,64}$/.test(given) ? given : null;
}

export function requestId(response: Response): string {
  return String(response.locals["requestId"]);
}

export function requestLog(response: Response): Logger {
  return response.locals["log"] as Logger;
}
