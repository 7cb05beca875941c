import { assertInformational, judgeFraming, type AnswerHeaders } from "./answer-framing.ts";
import { ByteTail } from "./byte-tail.ts";
import { readHead, readHeaderLines } from "./response-head.ts";

/** Gets an answer's parts in order: head, body, end. May be told of no more once it has had enough. */
export interface AnswerSink {
  onHead: (status: number, headers: AnswerHeaders) => void;
  /** The chunk's memory is used again after the call. */
  onBody: (chunk: Buffer) => void;
  /** `trailers`: flat list of names and values, names in lower case. */
  onEnd: (trailers: readonly string[]) => void;
}

type State = "idle" | "head" | "length" | "chunk_size" | "chunk_data" | "chunk_end" | "trailers" | "until_close";

const HEAD_END = "\r\n\r\n";
const LINE_END = "\r\n";
const HEAD_MAX_BYTES = 16_384;
const CHUNK_LINE_MAX_BYTES = 16;
const TRAILERS_MAX_BYTES = 4_096;
/** Informational answers before the real one. */
const INFORMATIONAL_MAX = 8;
const CHUNK_SIZE = /^[0-9a-f]{1,8}$/i;
const none: readonly string[] = [];

/**
 * Reads HTTP/1.1 answers from a backend's bytes, one after another (RFC 9112, 6 and 7). Strict: what could be read in
 * two ways throws. No body is collected; chunks are parts of what came in.
 */
export class AnswerReader {
  #state: State = "idle";
  #sink: AnswerSink | null = null;
  #isHeadRequest = false;
  #isKept = true;
  #keepAliveS: number | null = null;
  #left = 0;
  #informational = 0;
  readonly #tail = new ByteTail();
  /** Of the part that waits: so many bytes hold no end of it. */
  #searched = 0;

  /** The next answer belongs to a request with this method. */
  begin(method: string, sink: AnswerSink): void {
    this.#state = "head";
    this.#sink = sink;
    this.#isHeadRequest = method === "HEAD";
    this.#informational = 0;
  }

  /** False once another request on this connection would be a guess. */
  mayBeReused(): boolean {
    return this.#isKept && this.#tail.isEmpty() && this.#state === "idle";
  }

  isWaitingForHead(): boolean {
    return this.#state === "head";
  }

  /** How long the backend said that it keeps the connection, seconds. */
  keepAliveS(): number | null {
    return this.#keepAliveS;
  }

  /** Throws for bytes that are not one well-formed answer. Keeps none of the chunk's memory. */
  push(chunk: Buffer): void {
    const bytes = this.#tail.isEmpty() ? chunk : this.#tail.append(chunk);
    let at = 0;
    while (at < bytes.length) {
      const next = this.#read(bytes, at);
      if (next === -1) {
        this.#searched = bytes.length - at;
        this.#tail.keep(bytes, at);
        return;
      }
      this.#searched = 0;
      at = next;
    }
    if (!this.#tail.isEmpty()) this.#tail.clear();
  }

  /** The backend has ended its side: the end of an answer that has no other. */
  close(): void {
    this.#isKept = false;
    if (this.#state === "until_close") this.#finish(none);
  }

  /** Where the next part begins; -1 = more bytes are needed. */
  #read(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case "idle":
        throw new Error("the backend sent something that was not asked for");
      case "head":
        return this.#readHead(bytes, at);
      case "length":
      case "chunk_data":
        return this.#readData(bytes, at);
      case "until_close":
        this.#sink?.onBody(at === 0 ? bytes : bytes.subarray(at));
        return bytes.length;
      case "chunk_size":
        return this.#readChunkSize(bytes, at);
      case "chunk_end":
        return this.#readChunkEnd(bytes, at);
      case "trailers":
        return this.#readTrailers(bytes, at);
    }
  }

  #find(mark: string, bytes: Buffer, at: number): number {
    return bytes.indexOf(mark, Math.max(at, at + this.#searched - mark.length + 1), "latin1");
  }

  #readHead(bytes: Buffer, at: number): number {
    const end = this.#find(HEAD_END, bytes, at);
    if ((end === -1 ? bytes.length : end) - at > HEAD_MAX_BYTES) throw new Error("response head is too large");
    if (end === -1) return -1;
    // Without a prototype: a header may be called `constructor`.
    const headers = Object.create(null) as Record<string, string>;
    const status = readHead(bytes.toString("latin1", at, end), (name, value) => {
      const before = headers[name];
      headers[name] = before === undefined ? value : `${before}, ${value}`;
    });
    const next = end + HEAD_END.length;
    if (status >= 200) this.#beginBody(status, headers);
    else {
      // Early hints end here: Link isn't among the headers that an agent may send to the dashboard's origin (design D8).
      this.#informational += 1;
      assertInformational(status, headers);
      if (this.#informational > INFORMATIONAL_MAX) throw new Error("not an answer to this request");
    }
    return next;
  }

  #beginBody(status: number, headers: AnswerHeaders): void {
    const { body, isKept, keepAliveS } = judgeFraming(status, headers, this.#isHeadRequest);
    this.#isKept &&= isKept && body.kind !== "until_close";
    this.#keepAliveS = keepAliveS;
    this.#sink?.onHead(status, headers);
    switch (body.kind) {
      case "none":
        this.#finish(none);
        break;
      case "chunked":
        this.#state = "chunk_size";
        break;
      case "until_close":
        this.#state = "until_close";
        break;
      case "length":
        this.#state = "length";
        this.#left = body.bytes;
        break;
    }
  }

  #readData(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    this.#left -= end - at;
    this.#sink?.onBody(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
    if (this.#left > 0) return end;
    if (this.#state === "length") this.#finish(none);
    else this.#state = "chunk_end";
    return end;
  }

  #readChunkSize(bytes: Buffer, at: number): number {
    const end = this.#find(LINE_END, bytes, at);
    if ((end === -1 ? bytes.length : end) - at > CHUNK_LINE_MAX_BYTES) throw new Error("malformed chunk");
    if (end === -1) return -1;
    const size = bytes.toString("latin1", at, end);
    // Extensions have no use here, and have hidden requests from many a reader.
    if (!CHUNK_SIZE.test(size)) throw new Error("malformed chunk");
    this.#left = Number.parseInt(size, 16);
    this.#state = this.#left === 0 ? "trailers" : "chunk_data";
    return end + LINE_END.length;
  }

  #readChunkEnd(bytes: Buffer, at: number): number {
    if (bytes.length < at + LINE_END.length) return -1;
    if (bytes[at] !== 0x0d || bytes[at + 1] !== 0x0a) throw new Error("malformed chunk");
    this.#state = "chunk_size";
    return at + LINE_END.length;
  }

  /** Lines up to an empty one; nearly always the empty one alone. */
  #readTrailers(bytes: Buffer, at: number): number {
    if (bytes[at] === 0x0d && bytes[at + 1] === 0x0a) {
      this.#finish(none);
      return at + LINE_END.length;
    }
    const end = this.#find(HEAD_END, bytes, at);
    if ((end === -1 ? bytes.length : end) - at > TRAILERS_MAX_BYTES) throw new Error("trailers are too large");
    if (end === -1) return -1;
    const trailers: string[] = [];
    readHeaderLines(bytes.toString("latin1", at, end), (name, value) => {
      if (name === "content-length" || name === "transfer-encoding") throw new Error("trailers that state a length");
      trailers.push(name, value);
    });
    this.#finish(trailers);
    return end + HEAD_END.length;
  }

  #finish(trailers: readonly string[]): void {
    const sink = this.#sink;
    this.#state = "idle";
    this.#sink = null;
    sink?.onEnd(trailers);
  }
}
