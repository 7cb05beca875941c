/** Headers that speak about one connection, not about the message: RFC 9110, 7.6.1. */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  // Answered by the server in front of us already.
  "expect",
]);

/** The message's own headers as [name, value] pairs, in their order and spelling, doubles included. */
export function endToEndHeaders(rawHeaders: readonly string[]): [string, string][] {
  return pairs(rawHeaders).filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase()));
}

/** Node's flat list of names and values as pairs. */
export function pairs(rawHeaders: readonly string[]): [string, string][] {
  return rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ""] as [string, string]] : [],
  );
}
