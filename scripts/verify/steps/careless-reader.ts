/** How a server that means well, and checks little, reads the requests of a connection. */
export interface Carelessness {
  /** Which one counts when a request has both; `length` also for one that is malformed. */
  prefers: "length" | "chunked";
  /** Which of several lengths counts. */
  lengths: "first" | "last";
  /** GET, HEAD, DELETE and OPTIONS end with their head, whatever it says. */
  hasBodiless: boolean;
}

export const ordinary: Carelessness = { prefers: "chunked", lengths: "first", hasBodiless: false };

/** A request as such a server understands it: names in lower case, underscores as dashes, odd bytes gone. */
export interface CarelessRequest {
  method: string;
  target: string;
  headers: [name: string, value: string][];
  body: string;
}

/** Reads the first request of `text` (Latin-1): null while it is incomplete. */
export function readCarelessly(text: string, how: Carelessness): { request: CarelessRequest; end: number } | null {
  const begin = /^[\r\n]*/.exec(text)?.[0].length ?? 0;
  const headEnd = /\r?\n\r?\n/.exec(text.slice(begin));
  if (headEnd === null) return null;
  const [requestLine = "", ...lines] = text.slice(begin, begin + headEnd.index).split(/\r\n|\n|\r/);
  const [method = "", target = ""] = requestLine.split(" ");
  const headers = lines.map(readHeader);
  const bodyStart = begin + headEnd.index + headEnd[0].length;
  const body = readBody(text, bodyStart, { method, headers, how });
  return body === null ? null : { request: { method, target, headers, body: body.text }, end: body.end };
}

function readHeader(line: string): [string, string] {
  const at = line.indexOf(":");
  const name = line
    .slice(0, at)
    .replaceAll(/[^!-~]/g, "")
    .replaceAll("_", "-")
    .toLowerCase();
  return [name, line.slice(at + 1).replaceAll(/^[^!-~]+|[^!-~]+$/g, "")];
}

interface BodyFacts {
  method: string;
  headers: [string, string][];
  how: Carelessness;
}

function readBody(
  text: string,
  start: number,
  { method, headers, how }: BodyFacts,
): { text: string; end: number } | null {
  const none = { text: "", end: start };
  if (how.hasBodiless && ["GET", "HEAD", "DELETE", "OPTIONS"].includes(method)) return none;
  const lengths = headers.filter(([name]) => name === "content-length").flatMap(([, value]) => value.split(","));
  const length = Number.parseInt(lengths.at(how.lengths === "first" ? 0 : -1) ?? "", 10);
  const isChunked = headers.some(([name, value]) => name === "transfer-encoding" && /chunked/i.test(value));
  if (isChunked && (how.prefers === "chunked" || Number.isNaN(length))) return readChunks(text, start);
  if (!(length > 0)) return none;
  return text.length < start + length ? null : { text: text.slice(start, start + length), end: start + length };
}

function readChunks(text: string, start: number): { text: string; end: number } | null {
  let at = start;
  let body = "";
  for (;;) {
    const lineEnd = text.indexOf("\n", at);
    if (lineEnd === -1) return null;
    const size = Number.parseInt(text.slice(at, lineEnd), 16) || 0;
    const dataEnd = lineEnd + 1 + size;
    if (size === 0) return endOfChunks(text, lineEnd + 1, body);
    if (text.length < dataEnd + 1) return null;
    body += text.slice(lineEnd + 1, dataEnd);
    at = dataEnd + (text.startsWith("\r\n", dataEnd) ? 2 : 1);
  }
}

/** After the last chunk there are trailers up to an empty line. */
function endOfChunks(text: string, at: number, body: string): { text: string; end: number } | null {
  const empty = /(?:^|\n)\r?\n/.exec(text.slice(at));
  return empty === null ? null : { text: body, end: at + empty.index + empty[0].length };
}
