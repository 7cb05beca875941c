import type { IncomingMessage, ServerResponse } from "node:http";
import { isAppError } from "@automna/core/shared/app-error";
import { readTraceContext, type TraceContext } from "../ingress/trace-context.ts";
import type { AppTarget } from "./app-target.ts";
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
  readonly trace: TraceContext | null;
  readonly startedAt = performance.now();
  /** What was asked for; `unread`: it was refused before it was understood. */
  kind: AppTarget["kind"] | "unread" = "unread";
  /** When its site was found, and when an agent's answer began; milliseconds of the clock of `startedAt`. */
  sitedAt: number | null = null;
  answeredAt: number | null = null;
  agentId: string | null = null;
  /** Of our own error, when it was refused. */
  code: string | null = null;

  constructor(request: IncomingMessage, response: ServerResponse, facts: { requestId: string; address: string }) {
    this.request = request;
    this.response = response;
    this.requestId = facts.requestId;
    this.address = facts.address;
    this.trace = readTraceContext(request.headers);
  }

  sited(site: AppSite): void {
    this.agentId = site.agentId;
    this.sitedAt = performance.now();
  }

  answered(): void {
    this.answeredAt = performance.now();
  }

  /** 0 = the visitor left before an answer. */
  status(): number {
    return this.response.headersSent ? this.response.statusCode : 0;
  }

  refused(error: unknown): void {
    this.code = isAppError(error) ? error.code : "internal_error";
  }

  toLogLine(): Record<string, unknown> {
    const { requestId, trace, agentId, code, tally, startedAt } = this;
    const ms = Math.round(performance.now() - startedAt);
    const traceId = trace?.traceId ?? null;
    const { method } = this.request;
    return { requestId, traceId, agent: agentId, method, status: this.status(), code, ms, bytesOut: tally.bytesOut };
  }
}

/** A visit to an app that may exist: its host is one of ours, and somebody has the handle. */
export interface SiteVisit {
  visit: AppVisit;
  host: AppHost;
  site: AppSite;
}
