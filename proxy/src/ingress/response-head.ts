import { makeHeaderFacts } from "./header-facts.ts";

/** The head of an HTTP/1.1 response, as read from a raw socket. Repeated headers are joined as Node does. */
export interface ResponseHead {
  status: number;
  headers: ReadonlyMap<string, string>;
}

const STATUS_LINE = /^HTTP\/1\.1 ([1-5]\d\d)(?: [\t\x20-\x7e]*)?$/;
const HEAD_TEXT = /^(?:[\t\x20-\x7e\x80-\xff]|\r\n)*$/;
/** RFC 9110, 5.6.2: no space before the colon, none at the begin of a line (folding). */
const names = makeHeaderFacts((name) => ({
  isToken: /^[!#$%&'*+\-.^_`|~\w]+$/.test(name),
  isFraming: name === "content-length" || name === "transfer-encoding",
}));
const HEAD_END = "\r\n\r\n";
const HEAD_MAX_BYTES = 16_384;

/** Reads the head at the start of `bytes`: null while it is incomplete. Throws for anything that isn't strict HTTP/1.1. */
export function readResponseHead(bytes: Buffer): { head: ResponseHead; bodyStart: number } | null {
  const end = bytes.indexOf(HEAD_END, 0, "latin1");
  if (end > HEAD_MAX_BYTES || (end === -1 && bytes.length > HEAD_MAX_BYTES))
    throw new Error("response head is too large");
  if (end === -1) return null;
  const headers = new Map<string, string>();
  const status = readHead(bytes.toString("latin1", 0, end), (name, value) => {
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  });
  return { head: { status, headers }, bodyStart: end + HEAD_END.length };
}

/** Told of each header: its name in lower case, its value without the spaces around it. */
type OnHeader = (name: string, value: string) => void;

/** Reads a head without its empty line and answers the status. Throws unless it is strict HTTP/1.1. */
export function readHead(text: string, onHeader: OnHeader): number {
  const lineEnd = text.indexOf("\r\n");
  const status = STATUS_LINE.exec(lineEnd === -1 ? text : text.slice(0, lineEnd))?.[1];
  if (status === undefined) throw new Error("not an HTTP/1.1 response");
  if (lineEnd !== -1) readHeaderLines(text.slice(lineEnd + 2), onHeader);
  return Number(status);
}

/** Reads lines of headers, the last one without its end. Throws for what two readers could read in two ways. */
export function readHeaderLines(text: string, onHeader: OnHeader): void {
  // Once for all lines: no other character may be anywhere in a head, and CR and LF only together, between lines.
  if (!HEAD_TEXT.test(text)) throw new Error("malformed response header");
  let start = 0;
  while (start <= text.length) {
    const colon = text.indexOf(":", start);
    const lineEnd = text.indexOf("\r\n", start);
    const end = lineEnd === -1 ? text.length : lineEnd;
    if (colon === -1 || colon > end) throw new Error("malformed response header");
    const { name, isToken, isFraming } = names.of(text.slice(start, colon));
    if (!isToken) throw new Error("malformed response header");
    // Space behind it is nothing to some readers and part of the value to others, Node among them.
    if (isFraming && isSpace(text, end - 1)) throw new Error("malformed response header");
    onHeader(name, sliceTrimmed(text, colon + 1, end));
    start = end + 2;
  }
}

/** Without the spaces and tabs around it; trim() would take other characters for space too. */
function sliceTrimmed(text: string, from: number, to: number): string {
  let [start, end] = [from, to];
  while (start < end && isSpace(text, start)) start += 1;
  while (end > start && isSpace(text, end - 1)) end -= 1;
  return text.slice(start, end);
}

function isSpace(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 0x20 || code === 0x09;
}

/** The body of a small response: null while it is incomplete. Throws when its length is not stated or `maxBytes` is passed. */
export function readSmallBody(
  head: ResponseHead,
  bytes: Buffer,
  maxBytes: number,
): { body: Buffer; end: number } | null {
  if (head.headers.get("transfer-encoding") === "chunked") return readChunks(bytes, maxBytes);
  const length = Number(head.headers.get("content-length") ?? Number.NaN);
  if (!Number.isInteger(length) || length < 0 || length > maxBytes) throw new Error("response has no usable length");
  return bytes.length < length ? null : { body: bytes.subarray(0, length), end: length };
}

function readChunks(bytes: Buffer, maxBytes: number): { body: Buffer; end: number } | null {
  const parts: Buffer[] = [];
  let at = 0;
  let total = 0;
  while (true) {
    const lineEnd = bytes.indexOf("\r\n", at, "latin1");
    if (lineEnd === -1) return null;
    const sizeText = bytes.toString("latin1", at, lineEnd);
    if (!/^[0-9a-fA-F]{1,6}$/.test(sizeText)) throw new Error("malformed chunk");
    const size = Number.parseInt(sizeText, 16);
    const next = lineEnd + 2 + size + 2;
    total += size;
    if (total > maxBytes) throw new Error("response is too large");
    if (bytes.length < next) return null;
    if (bytes.toString("latin1", next - 2, next) !== "\r\n") throw new Error("malformed chunk");
    if (size === 0) return { body: Buffer.concat(parts), end: next };
    parts.push(bytes.subarray(lineEnd + 2, next - 2));
    at = next;
  }
}
