import type { IncomingHttpHeaders } from "node:http";
import { appError } from "@automna/contract/error-catalogue";
import { INTERNAL_HEADER, REQUEST_ID_HEADER } from "@automna/contract/headers";
import { isAppError } from "@automna/core/shared/app-error";
import type { Backend } from "../ingress/route.ts";
import { readTraceContext } from "../ingress/trace-context.ts";
import { parseAppTarget } from "./app-target.ts";

/** All of a request that a file's answer depends on. Nothing else of a visitor's reaches an agent, no cookie above all. */
const passedOn = [
  "range",
  "if-none-match",
  "if-modified-since",
  "if-match",
  "if-unmodified-since",
  "if-range",
] as const;
/** What an agent may say of a file. No cookie: one with a Domain would reach every other app. */
const passedBack = ["content-range", "accept-ranges", "etag", "last-modified"] as const;

/** The request's headers as agentd gets them: a flat list of names and values. */
export function appRequestHeaders(headers: IncomingHttpHeaders, backend: Backend, requestId: string): string[] {
  const kept: string[] = [];
  for (const name of passedOn) {
    const value = headers[name];
    if (typeof value === "string") kept.push(name, value);
  }
  // Whose trace it is, and no more: a `tracestate` would be free text of a stranger's.
  if (readTraceContext(headers) !== null) kept.push("traceparent", String(headers["traceparent"]));
  return [...kept, INTERNAL_HEADER, backend.ingressKey, REQUEST_ID_HEADER, requestId];
}

/**
 * An app is its owner's own site: it may run scripts and keep data on its own origin. It may not act on a page around it,
 * nor be put into a page of another site.
 */
const SANDBOX =
  "sandbox allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox allow-modals allow-downloads allow-pointer-lock";
const FRAMES = "frame-ancestors 'self'";
/** Chrome shows no document of this type in a sandbox, and it runs nothing. */
const PDF = "application/pdf";

export interface AppResponseContext {
  requestId: string;
  status: number;
  isPublic: boolean;
  maxBytes: number;
}

/**
 * A file's headers as a visitor's browser gets them, with ours. Throws `body_too_large`, or `agent_unavailable` for an answer
 * that is none of agentd's: one of unknown length, or a status that files don't have.
 */
export function appResponseHeaders(headers: IncomingHttpHeaders, context: AppResponseContext): string[] {
  const { requestId, status, isPublic, maxBytes } = context;
  if (!fileStatuses.has(status)) throw appError("agent_unavailable", { details: { retryAfterS: 2 } });
  const kept: string[] = [];
  for (const name of passedBack) {
    const value = headers[name];
    if (typeof value === "string") kept.push(name, value);
  }
  if (status !== 304) pushContent(kept, headers, maxBytes);
  if (status === 308) kept.push("location", toOwnLocation(headers.location));
  const csp = essenceOf(headers["content-type"]) === PDF ? FRAMES : `${SANDBOX}; ${FRAMES}`;
  return [
    ...kept,
    "content-security-policy",
    csp,
    "x-content-type-options",
    "nosniff",
    // Asked again each time: what its owner hides is hidden at once. Nobody in between keeps a copy.
    "cache-control",
    isPublic ? "private, no-cache" : "private, no-store",
    "cross-origin-resource-policy",
    "same-origin",
    "cross-origin-opener-policy",
    "same-origin",
    // No document.domain: neighbours under the apps domain stay strangers.
    "origin-agent-cluster",
    "?1",
    "referrer-policy",
    "same-origin",
    REQUEST_ID_HEADER,
    requestId,
  ];
}

const fileStatuses: ReadonlySet<number> = new Set([200, 206, 304, 308, 404, 412, 416]);

function pushContent(kept: string[], headers: IncomingHttpHeaders, maxBytes: number): void {
  const length = headers["content-length"];
  if (length === undefined || !/^\d{1,15}$/.test(length))
    throw appError("agent_unavailable", { details: { retryAfterS: 2 } });
  if (Number(length) > maxBytes) throw appError("body_too_large", { details: { maxBytes } });
  const sent = headers["content-type"];
  // Without a type, or with two, a browser would guess.
  const type = sent !== undefined && /^[\w.+-]+\/[\w.+-]+(?:; ?charset=[\w-]+)?$/i.test(sent) ? sent : "text/plain";
  kept.push("content-length", length, "content-type", type);
}

function essenceOf(type: string | undefined): string {
  return ((type ?? "").split(";", 1)[0] ?? "").trim().toLowerCase();
}

/** From a folder to its page, on the same host. Throws for any other place. */
function toOwnLocation(location: string | undefined): string {
  try {
    const target = parseAppTarget(location ?? "");
    if (target.kind === "file") return target.path;
  } catch (error) {
    if (!isAppError(error)) throw error;
  }
  throw appError("agent_unavailable", { details: { retryAfterS: 2 } });
}
