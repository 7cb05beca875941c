/** The head of an HTTP/1.1 response, as read from a raw socket. Repeated headers are joined as Node does. */
export interface ResponseHead {
  status: number;
  headers: ReadonlyMap<string, string>;
}

const STATUS_LINE = /^HTTP\/1\.1 ([1-5]\d\d)(?: [\t\x20-\x7e]*)?$/;
const HEADER_LINE = /^([!#$%&'*+\-.^_`|~\w]+):[\t ]*([\t\x20-\x7e\x80-\xff]*)$/;
const HEAD_END = "\r\n\r\n";
const HEAD_MAX_BYTES = 16_384;

/** Reads the head at the start of `bytes`: null while it is incomplete. Throws for anything that isn't strict HTTP/1.1. */
export function readResponseHead(bytes: Buffer): { head: ResponseHead; bodyStart: number } | null {
  const end = bytes.indexOf(HEAD_END, 0, "latin1");
  if (end > HEAD_MAX_BYTES || (end === -1 && bytes.length > HEAD_MAX_BYTES))
    throw new Error("response head is too large");
  if (end === -1) return null;
  const [statusLine = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const status = STATUS_LINE.exec(statusLine)?.[1];
  if (status === undefined) throw new Error("not an HTTP/1.1 response");
  const headers = new Map<string, string>();
  for (const line of lines) addHeader(headers, line);
  return { head: { status: Number(status), headers }, bodyStart: end + HEAD_END.length };
}

function addHeader(headers: Map<string, string>, line: string): void {
  const match = HEADER_LINE.exec(line);
  if (match === null) throw new Error("malformed response header");
  const name = (match[1] ?? "").toLowerCase();
  const value = (match[2] ?? "").trim();
  const before = headers.get(name);
  headers.set(name, before === undefined ? value : `${before}, ${value}`);
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
