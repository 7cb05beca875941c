import type { IncomingMessage } from "node:http";
import { isAppError } from "@automna/core/shared/app-error";
import type { Backend } from "./route.ts";
import type { RequestTarget } from "./request-target.ts";
import { readTraceContext, type TraceContext } from "./trace-context.ts";

/** What kind of address was asked for; never which. `unread`: it was refused before it was understood. */
export type PathClass = "unread" | "page" | "health" | "forward" | "socket";

/**
 * One request or upgrade on its way through, as log and metrics will tell it. Times are milliseconds of one
 * monotonic clock; null = it did not come so far.
 */
export class Passage {
  readonly requestId: string;
  readonly method: string;
  readonly trace: TraceContext | null;
  readonly startedAt = performance.now();
  /** Bytes of bodies, or of a socket's connection. */
  readonly tally = { bytesIn: 0, bytesOut: 0 };
  pathClass: PathClass;
  /** Proven, not claimed. */
  userId: string | null = null;
  agentId: string | null = null;
  status = 0;
  /** Of our own error, when it was refused. */
  code: string | null = null;
  checkedAt: number | null = null;
  routedAt: number | null = null;
  answeredAt: number | null = null;

  constructor(request: IncomingMessage, requestId: string, pathClass: PathClass = "unread") {
    this.pathClass = pathClass;
    this.requestId = requestId;
    this.method = request.method ?? "";
    this.trace = readTraceContext(request.headers);
  }

  checked(target: RequestTarget, pathClass: PathClass): void {
    this.userId = target.userId;
    this.pathClass = pathClass;
    this.checkedAt = performance.now();
  }

  routed(backend: Backend): void {
    this.agentId = backend.agentId;
    this.routedAt = performance.now();
  }

  answered(status: number): void {
    this.status = status;
    this.answeredAt = performance.now();
  }

  refused(error: unknown): void {
    this.code = isAppError(error) ? error.code : "internal_error";
  }
}
