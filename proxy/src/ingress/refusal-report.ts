import { isAppError } from "@automna/core/shared/app-error";
import type { Logger } from "@automna/service-kit/log";

export type RefusalReport = (error: unknown, requestId: string) => void;

/** Logs what somebody should look at; a customer's own mistakes are answered, not logged. */
export function makeRefusalReport(log: Logger): RefusalReport {
  return (error, requestId) => {
    if (!isAppError(error)) log.error({ err: error, requestId }, "request failed");
    else if (error.code === "backend_unproven") log.warn({ requestId }, "a backend did not prove who it is");
    else if (error.kind === "bug") log.error({ err: error, requestId }, "request failed");
    else if (error.code === "agent_unavailable" && error.cause !== undefined) {
      log.warn({ err: error.cause, requestId }, "an agent that should answer does not");
    }
  };
}
