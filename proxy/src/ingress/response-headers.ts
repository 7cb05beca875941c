import { REQUEST_ID_HEADER } from "@automna/contract/headers";
import { agentPath } from "@automna/contract/paths";
import { isAppError } from "@automna/core/shared/app-error";
import type { AnswerHeaders } from "./answer-framing.ts";
import { parseRequestTarget } from "./request-target.ts";

/** What an agent may tell a browser on the dashboard's origin (design D8). Everything else stays behind. */
const passed = [
  "content-encoding",
  "content-language",
  "content-range",
  "accept-ranges",
  "etag",
  "last-modified",
  "vary",
  "retry-after",
  "allow",
  "x-content-duration",
  "content-digest",
  "repr-digest",
] as const;

/** Types that no browser renders as a page or runs; all others are downloads. */
const INERT_TYPE =
  /^(?:application\/(?:json|x-ndjson|problem\+json)|text\/(?:plain|event-stream|markdown|csv)|image\/(?:png|jpeg|gif|webp|avif)|(?:audio|video)\/[\w.+-]+)$/;
/** Even if a browser rendered it: no origin, no script, nothing loaded. */
const CONTENT_SECURITY_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'";
const DEFAULT_CACHE_CONTROL = "private, no-store";

export interface ResponseContext {
  userId: string;
  requestId: string;
  status: number;
}

/** The agent's response headers as the browser may see them, with ours: a flat list of names and values. */
export function browserResponseHeaders(
  headers: AnswerHeaders,
  { userId, requestId, status }: ResponseContext,
): string[] {
  const kept: string[] = [];
  for (const name of passed) {
    const value = headers[name];
    if (typeof value === "string") kept.push(name, value);
  }
  const length = headers["content-length"];
  if (length !== undefined && status !== 204) kept.push("content-length", length);
  pushContent(kept, headers, status);
  kept.push("cache-control", toCacheControl(headers["cache-control"]));
  const location = toOwnLocation(headers["location"], userId);
  if (location !== null) kept.push("location", location);
  kept.push("x-content-type-options", "nosniff", "content-security-policy", CONTENT_SECURITY_POLICY);
  kept.push(
    "cross-origin-resource-policy",
    "same-origin",
    "referrer-policy",
    "no-referrer",
    REQUEST_ID_HEADER,
    requestId,
  );
  return kept;
}

function pushContent(kept: string[], headers: AnswerHeaders, status: number): void {
  if (status === 204 || status === 304) return;
  const sent = headers["content-type"];
  const { type, isInert } = sent === undefined ? untyped : (knownTypes.get(sent) ?? judgeType(sent));
  kept.push("content-type", type);
  const disposition = headers["content-disposition"];
  if (isInert) {
    if (disposition !== undefined) kept.push("content-disposition", disposition);
    return;
  }
  kept.push("content-disposition", toAttachment(disposition));
}

interface ContentType {
  type: string;
  isInert: boolean;
}

const untyped: ContentType = { type: "application/octet-stream", isInert: false };
/** An agent sends a handful of types again and again. */
const knownTypes = new Map<string, ContentType>();
const KNOWN_TYPES_MAX = 200;
const KNOWN_TYPE_MAX_LENGTH = 100;

function judgeType(sent: string): ContentType {
  // With two types a browser would guess.
  const type = /^[\w.+-]+\/[\w.+-]+(?:;[^,]*)?$/.test(sent) ? sent : untyped.type;
  const essence = (type.split(";", 1)[0] ?? "").trim().toLowerCase();
  const judged = { type, isInert: INERT_TYPE.test(essence) };
  if (knownTypes.size >= KNOWN_TYPES_MAX) knownTypes.clear();
  if (sent.length <= KNOWN_TYPE_MAX_LENGTH) knownTypes.set(sent, judged);
  return judged;
}

/** The same file name, but never shown in place. */
function toAttachment(disposition: string | undefined): string {
  const parameters = disposition === undefined ? -1 : disposition.indexOf(";");
  return parameters === -1 ? "attachment" : `attachment${disposition?.slice(parameters) ?? ""}`;
}

/** A shared cache must never hold what belongs to one person (cache deception). */
function toCacheControl(sent: string | undefined): string {
  if (sent === undefined || !/^[\w\-=, ]+$/.test(sent)) return DEFAULT_CACHE_CONTROL;
  const directives = sent.toLowerCase().split(/ *, */);
  // Whole directives: `private=x` and `x-private` keep nothing private.
  const isPrivate = directives.includes("private") || directives.includes("no-store");
  return isPrivate && !/public|s-maxage/i.test(sent) ? sent : DEFAULT_CACHE_CONTROL;
}

/** A redirect within the agent, on our path; null for any other place. */
function toOwnLocation(location: string | undefined, userId: string): string | null {
  if (location === undefined) return null;
  const prefix = agentPath(userId);
  const own = location === prefix || location.startsWith(`${prefix}/`) ? location : `${prefix}${location}`;
  if (!location.startsWith("/")) return null;
  try {
    parseRequestTarget(own);
    return own;
  } catch (error) {
    if (isAppError(error)) return null;
    throw error;
  }
}
