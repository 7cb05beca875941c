import type { IncomingMessage, ServerResponse } from "node:http";
import { SECOND_MS } from "@automna/core/shared/clock";
import { isAppError } from "@automna/core/shared/app-error";
import { RequestBody } from "../request-body.ts";
import type { AnswerHeaders } from "./answer-framing.ts";
import type { BackendConnection, ConnectionUser } from "./backend-connection.ts";
import type { BackendPool, ConnectionWaiter } from "./backend-pool.ts";
import { formatLastChunk, passedTrailers } from "./trailers.ts";

export interface HttpPlan {
  pool: BackendPool;
  /** Where the connection goes, for the Host header. */
  host: string;
  method: string;
  path: string;
  /** Flat list of names and values. */
  headers: readonly string[];
  hasBody: boolean;
  /** Longest body that passes. */
  bodyMaxBytes: number;
  /** Counts the bytes of the bodies. */
  tally: { bytesIn: number; bytesOut: number };
  /** The caller's view of the answer's head: a flat list of names and values. */
  toResponseHeaders: (status: number, headers: AnswerHeaders) => string[];
  /** Nothing has been answered yet: do so, or begin another exchange. */
  onFailed: (failure: HttpFailure) => void;
}

export interface HttpFailure {
  error: Error;
  /** False when not a byte of the request has left. */
  wasSent: boolean;
  /** The connection had been kept from an earlier request, and the backend closed it before it answered this one. */
  wasKept: boolean;
}

/** RFC 9112, 9.6: the caller may still be sending when the answer is complete; cutting at once could lose the answer. */
const LINGER_MS = 2 * SECOND_MS;
/** So small a beginning of a body travels in one piece with the head: one write instead of two. */
const TOGETHER_MAX_BYTES = 16_384;

/**
 * One request passed on over a connection of its own and its answer passed back, both streamed with back-pressure and
 * nothing collected. Whoever goes away first ends the other side: no socket outlives its exchange.
 */
export class HttpExchange implements ConnectionUser, ConnectionWaiter {
  readonly method: string;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #plan: HttpPlan;
  #body: RequestBody | null = null;
  #connection: BackendConnection | null = null;
  #isBodySent: boolean;
  #isGone = false;
  #hasHead = false;
  #hasData = false;
  #isWaitingForDrain = false;

  constructor(request: IncomingMessage, response: ServerResponse, plan: HttpPlan) {
    this.#request = request;
    this.#response = response;
    this.#plan = plan;
    this.method = plan.method;
    this.#isBodySent = !plan.hasBody;
  }

  start(): void {
    this.#response.on("close", this.#onClose);
    this.#plan.pool.acquire(this);
  }

  onConnection(connection: BackendConnection): void {
    this.#connection = connection;
    connection.begin(this, this.#formatHead());
    if (this.#plan.hasBody) this.#sendBody();
  }

  onNoConnection(error: Error): void {
    this.#fail({ error, wasSent: false, wasKept: false });
  }

  onHead(status: number, headers: AnswerHeaders): void {
    // Throws for values that must not be sent; the connection then counts as lost.
    this.#response.writeHead(status, this.#plan.toResponseHeaders(status, headers));
    this.#hasHead = true;
  }

  onBody(chunk: Buffer): void {
    this.#plan.tally.bytesOut += chunk.length;
    if (this.#isGone) return;
    const isTogether = !this.#hasData && chunk.length <= TOGETHER_MAX_BYTES;
    this.#hasData = true;
    if (isTogether ? this.#writeTogether(chunk) : this.#response.write(Buffer.from(chunk))) return;
    this.#connection?.socket.pause();
    if (this.#isWaitingForDrain) return;
    this.#isWaitingForDrain = true;
    this.#response.once("drain", this.#onCallerDrain);
  }

  onRead(): void {
    // A head whose body isn't here yet leaves now (event streams); else both leave in one packet.
    if (this.#hasHead && !this.#hasData && !this.#isGone) this.#response.flushHeaders();
  }

  onEnd(trailers: readonly string[]): void {
    const connection = this.#connection;
    this.#connection = null;
    connection?.release(this.#isBodySent);
    this.#body?.destroy();
    if (trailers.length > 0) this.#addTrailers(passedTrailers(trailers));
    this.#response.end();
    if (!this.#request.complete) this.#linger();
  }

  onDrain(): void {
    this.#body?.resume();
  }

  onLost(error: Error, wasKept: boolean): void {
    this.#connection = null;
    this.#fail({ error, wasSent: true, wasKept });
  }

  /**
   * Node joins a head and a text, and holds both until the next tick in case more comes: uncorked they leave as one plain
   * write, where a buffer, or the end of the answer in the same tick, would make it a gathered one.
   */
  #writeTogether(chunk: Buffer): boolean {
    const isTaken = this.#response.write(chunk.toString("latin1"), "latin1");
    this.#response.socket?.uncork();
    return isTaken;
  }

  /** Node leaves them out where the caller gets a length. */
  #addTrailers(trailers: readonly string[]): void {
    const pairs: [string, string][] = [];
    for (let index = 0; index + 1 < trailers.length; index += 2)
      pairs.push([trailers[index] ?? "", trailers[index + 1] ?? ""]);
    this.#response.addTrailers(pairs);
  }

  #formatHead(): string {
    const { path, host, headers, hasBody } = this.#plan;
    let text = `${this.method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`;
    for (let index = 0; index + 1 < headers.length; index += 2) text += `${headers[index]}: ${headers[index + 1]}\r\n`;
    if (hasBody && this.#isChunked()) text += "transfer-encoding: chunked\r\n";
    return `${text}\r\n`;
  }

  #isChunked(): boolean {
    return this.#request.headers["transfer-encoding"] !== undefined;
  }

  /** Not before there is a connection: what was read of a body can't be read again for another one. */
  #sendBody(): void {
    const body = new RequestBody(this.#request, this.#plan.bodyMaxBytes, this.#plan.tally);
    this.#body = body;
    const isChunked = this.#isChunked();
    body.on("data", (chunk: Buffer) => {
      const connection = this.#connection;
      if (connection === null) return;
      const isTaken = isChunked ? writeChunk(connection, chunk) : connection.write(chunk);
      if (!isTaken) body.pause();
    });
    body.on("end", () => {
      if (isChunked) this.#connection?.write(formatLastChunk(this.#request));
      this.#isBodySent = true;
    });
    body.on("error", (error) => {
      // Everything but our own refusal means that the caller has gone: nobody is left to be told.
      if (!isAppError(error)) this.#isGone = true;
      // Half a request: the connection is of no more use.
      const connection = this.#connection;
      this.#connection = null;
      connection?.destroy();
      this.#fail({ error, wasSent: true, wasKept: false });
    });
  }

  #fail(failure: HttpFailure): void {
    this.#body?.destroy();
    if (this.#isGone) return;
    this.#response.off("close", this.#onClose);
    // Cut off, so that the caller can tell the half of an answer from a whole one.
    if (this.#hasHead) this.#response.destroy();
    else this.#plan.onFailed(failure);
  }

  readonly #onCallerDrain = () => {
    this.#isWaitingForDrain = false;
    this.#connection?.socket.resume();
  };

  readonly #onClose = () => {
    if (this.#response.writableFinished) return;
    this.#isGone = true;
    this.#plan.pool.leave(this);
    this.#body?.destroy();
    this.#connection?.destroy();
    this.#connection = null;
  };

  #linger(): void {
    const { socket } = this.#request;
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    this.#request.once("close", () => clearTimeout(timer)).resume();
  }
}

function writeChunk(connection: BackendConnection, chunk: Buffer): boolean {
  connection.socket.cork();
  connection.write(`${chunk.length.toString(16)}\r\n`);
  connection.write(chunk);
  const isTaken = connection.write("\r\n");
  connection.socket.uncork();
  return isTaken;
}
