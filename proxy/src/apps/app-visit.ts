import type { IncomingMessage, ServerResponse } from "node:http";
import { isAppError } from "@automna/core/shared/app-error";
import type { AppHost } from "./host-name.ts";
import type { AppSite } from "./sites.ts";

/** One request on its way, as the log will tell it: never a path, a query, a cookie or who the visitor is. */
export class AppVisit {
  readonly requestId: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Whom limits count it for. */
  readonly address: string;
  readonly tally = { bytesIn: 0, bytesOut: 0 };
  readonly startedAt = performance.now();
  agentId: string | null = null;
  /** Of our own error, when it was refused. */
  code: string | null = null;

  constructor(request: IncomingMessage, response: ServerResponse, facts: { requestId: string; address: string }) {
    this.request = request;
    this.response = response;
    this.requestId = facts.requestId;
    this.address = facts.address;
  }

  refused(error: unknown): void {
    this.code = isAppError(error) ? error.code : "internal_error";
  }

  toLogLine(): Record<string, unknown> {
    const { requestId, agentId, code, tally, response, startedAt } = this;
    const status = response.headersSent ? response.statusCode : 0;
    const ms = Math.round(performance.now() - startedAt);
    return { requestId, agent: agentId, method: this.request.method, status, code, ms, bytesOut: tally.bytesOut };
  }
}

/** A visit to an app that may exist: its host is one of ours, and somebody has the handle. */
export interface SiteVisit {
  visit: AppVisit;
  host: AppHost;
  site: AppSite;
}
