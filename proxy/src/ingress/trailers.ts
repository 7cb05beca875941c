import type { IncomingMessage } from "node:http";

/**
 * Fields that may follow a body, in both directions. Each could as well stand in the head, where both lists of headers
 * let it pass, and says something about the body that only its end can tell. Nobody may take a decision after the body
 * that was due before it (RFC 9110, 6.5.1).
 */
const passed = new Set(["content-digest", "repr-digest", "etag", "last-modified"]);
const none: readonly string[] = [];

/** Those of a flat list of names and values, in any case, that are passed on. */
export function passedTrailers(sent: readonly string[]): readonly string[] {
  if (sent.length === 0) return none;
  const kept: string[] = [];
  for (let index = 0; index + 1 < sent.length; index += 2) {
    const name = sent[index]?.toLowerCase() ?? "";
    if (passed.has(name)) kept.push(name, sent[index + 1] ?? "");
  }
  return kept;
}

/** The end of a chunked body that was read whole, with its trailers. */
export function formatLastChunk({ rawTrailers }: Pick<IncomingMessage, "rawTrailers">): string {
  const kept = passedTrailers(rawTrailers);
  let text = "0\r\n";
  for (let index = 0; index + 1 < kept.length; index += 2) text += `${kept[index]}: ${kept[index + 1]}\r\n`;
  return `${text}\r\n`;
}
