import { appError, errorCatalogue, isErrorCode } from "@automna/contract/error-catalogue";
import { errorAnswerFor, type ErrorBody } from "@automna/contract/error-body";
import { isAppError } from "@automna/core/shared/app-error";
import { isDatabaseAway } from "@automna/records/database-errors";
import type { Logger } from "@automna/service-kit/log";
import type { NextFunction, Request, Response } from "express";
import { errorPage } from "./error-page.ts";
import { requestId, requestLog } from "./request-context.ts";

const RETRY_SECONDS = 1;

/** Express's error handler: the one place where a failed request is translated, answered and logged (S5, S6). */
// Express tells error handlers by their four parameters.
export function answerError(thrown: unknown, request: Request, response: Response, _next: NextFunction): void {
  const error = toKnownError(thrown);
  logError(requestLog(response), error);
  if (response.headersSent) {
    // A stream: cutting it is the only way left to say so.
    response.destroy();
    return;
  }
  const { status, body } = errorAnswerFor(error, requestId(response));
  const retryAfter = retryAfterSeconds(status, body);
  if (retryAfter !== null) response.set("retry-after", String(retryAfter));
  // The rest of a body that was refused is not read: the connection can't carry another request.
  if (status === 413) response.set("connection", "close");
  response.status(status);
  if (request.headers["sec-fetch-dest"] === "document") response.type("html").send(errorPage(body));
  else response.json(body);
}

function toKnownError(thrown: unknown): unknown {
  if (isAppError(thrown)) return thrown;
  if (isDatabaseAway(thrown)) return appError("service_unavailable", { cause: thrown });
  // Express's own: a path that is not well-formed UTF-8.
  if (thrown instanceof URIError) return appError("bad_path");
  return thrown;
}

function logError(log: Logger, error: unknown): void {
  const kind = isAppError(error) && isErrorCode(error.code) ? errorCatalogue[error.code].kind : "bug";
  if (kind === "bug") log.error({ err: error }, "request failed");
  else if (kind === "transient") log.warn({ err: error }, "request failed for now");
  else log.debug({ code: isAppError(error) ? error.code : null }, "request refused");
}

function retryAfterSeconds(status: number, { error }: ErrorBody): number | null {
  const wanted = error.details?.["retryAfterSeconds"];
  if (typeof wanted === "number") return wanted;
  return status === 503 || status === 429 ? RETRY_SECONDS : null;
}
