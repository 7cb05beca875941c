import type { IncomingHttpHeaders } from "node:http";

/** What a gateway may tell the provider. Its own `x-api-key` and `authorization` are never among it. */
const sent = ["content-type", "accept", "anthropic-version", "anthropic-beta", "user-agent"] as const;
/** What the provider may tell a gateway. */
const answered = ["content-type", "content-length", "request-id", "retry-after"];
const answeredPrefix = "anthropic-ratelimit-";

/**
 * The call's headers for the provider, with the key: a flat list of names and values. `bodyBytes` is the length of a body
 * that replaces the caller's.
 */
export function providerRequestHeaders(headers: IncomingHttpHeaders, apiKey: string, bodyBytes?: number): string[] {
  const kept: string[] = [];
  for (const name of sent) {
    const value = headers[name];
    if (typeof value === "string") kept.push(name, value);
  }
  // Not compressed: the stream is read for its token counts, and passes no slow line.
  kept.push("accept-encoding", "identity", "x-api-key", apiKey);
  const length = bodyBytes === undefined ? headers["content-length"] : String(bodyBytes);
  if (length !== undefined) kept.push("content-length", length);
  return kept;
}

/** The provider's headers for the gateway: a flat list of names and values. */
export function gatewayResponseHeaders(headers: IncomingHttpHeaders): string[] {
  const kept: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    const isAnswered = answered.includes(name) || name.startsWith(answeredPrefix);
    if (isAnswered && typeof value === "string") kept.push(name, value);
  }
  kept.push("cache-control", "no-store");
  return kept;
}
