import type { IncomingHttpHeaders } from "node:http";
import { INTERNAL_HEADER, REQUEST_ID_HEADER, USER_HEADER } from "@automna/contract/headers";
import { makeHeaderFacts } from "./header-facts.ts";
import type { TraceContext } from "./trace-context.ts";

/** What we say about a request, in place of whatever the caller said. */
export interface OwnHeaders {
  ingressKey: string;
  userId: string;
  clientAddress: string;
  /** Scheme and host of the public origin. */
  proto: string;
  host: string;
  requestId: string;
  trace: TraceContext | null;
}

const withheld = new Set([
  // Belong to one connection (RFC 9110, 7.6.1).
  "connection",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
  "http2-settings",
  // Are ours to set, or nobody's behind us (design D8).
  "host",
  "cookie",
  "authorization",
  "via",
  "cdn-loop",
  "early-data",
  REQUEST_ID_HEADER,
  // Passed on once they were read (trace-context.ts).
  "traceparent",
  "tracestate",
  // Where a request comes from, in the words of other proxies.
  "x-real-ip",
  "true-client-ip",
  "client-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-originating-ip",
  "x-proxyuser-ip",
  "x-host",
  // Who sends it, in the words of those who would have checked that.
  "remote-user",
  "x-authenticated-user",
  // Ask some servers to treat the request as another one.
  "x-http-method",
  "x-http-method-override",
  "x-method-override",
  "x-rewrite-url",
  "x-http-destinationurl",
  // Our own handshake with the backend.
  "sec-websocket-key",
  "sec-websocket-version",
  "sec-websocket-accept",
]);
/** Families of the same kinds. `proxy` alone would be the environment's HTTP_PROXY to CGI-like servers. */
const WITHHELD_FAMILY =
  /^(?:x-(?:automna|openclaw|forwarded|original|remote|accel|middleware|webauth|auth-request|envoy|ssl|azure|appengine|amz-cf)|forwarded|proxy|wl-proxy|cf-|fastly-|fly-|ssl-client)/;
const facts = makeHeaderFacts((name) => ({
  // An underscore becomes a dash in CGI-like servers: X_Automna_Internal would be our header there.
  isWithheld: withheld.has(name) || name.includes("_") || WITHHELD_FAMILY.test(name),
}));
/** Naming one of these in Connection would change the message itself. */
const notListable = new Set(["content-length", "content-type", "content-encoding"]);

/** The caller's headers as the agent may see them, then ours: a flat list of names and values. */
export function backendRequestHeaders(
  request: { rawHeaders: readonly string[]; headers: IncomingHttpHeaders },
  own: OwnHeaders,
): string[] {
  const listed = listedInConnection(request.headers.connection);
  const { rawHeaders } = request;
  const kept: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const { name, isWithheld } = facts.of(rawHeaders[index] ?? "");
    if (isWithheld || (listed !== null && listed.has(name) && !notListable.has(name))) continue;
    kept.push(name, rawHeaders[index + 1] ?? "");
  }
  kept.push(INTERNAL_HEADER, own.ingressKey, USER_HEADER, own.userId, REQUEST_ID_HEADER, own.requestId);
  kept.push("x-forwarded-for", own.clientAddress, "x-forwarded-proto", own.proto, "x-forwarded-host", own.host);
  if (own.trace !== null) kept.push(...own.trace.headers);
  return kept;
}

function listedInConnection(connection: string | undefined): Set<string> | null {
  if (connection === undefined || connection === "keep-alive" || connection === "close") return null;
  return new Set(
    connection
      .toLowerCase()
      .split(",")
      .map((name) => name.trim()),
  );
}
