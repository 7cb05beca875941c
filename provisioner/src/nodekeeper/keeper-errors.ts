import { errorBodySchema } from "@automna/contract/error-body";
import { appError, isErrorCode } from "@automna/contract/error-catalogue";
import type { AppError } from "@automna/core/shared/app-error";
import type { KeeperNode } from "./keeper-pools.ts";

/** What a nodekeeper answered, as the error that it threw there. What is none of the catalogue is another release's. */
export function keeperError(node: KeeperNode, status: number, text: string): AppError {
  const details = { node: node.name };
  const body = errorBodySchema.safeParse(parseJson(text));
  const code = body.success ? body.data.error.code : "";
  // A route that it does not know, or a shape that it does not take: ours and its contract differ.
  const isOtherRelease = !isErrorCode(code) || code === "not_found" || code === "invalid_request";
  if (isOtherRelease)
    return appError("nodekeeper_outdated", { details, cause: new Error(`${status}: ${text.slice(0, 300)}`) });
  return appError(code, { details: { ...(body.success ? body.data.error.details : {}), ...details } });
}

/** No answer, or half of one. The caller's own abort stays what it is. */
export function unreachable(node: KeeperNode, error: unknown, signal: unknown): unknown {
  if (signal instanceof AbortSignal && signal.aborted && !isTimeout(signal.reason)) return signal.reason;
  return appError("node_unreachable", { details: { node: node.name }, cause: error });
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof Error && (reason.name === "TimeoutError" || reason.message === "the transfer stands still");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
