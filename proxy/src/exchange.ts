import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { SECOND_MS } from "@automna/core/shared/clock";
import type { Dispatcher } from "undici";
import { RequestBody } from "./request-body.ts";

export interface ExchangePlan {
  dispatcher: Dispatcher;
  method: string;
  path: string;
  /** Flat list of names and values. */
  headers: string[];
  hasBody: boolean;
  /** Sent instead of the caller's own body, which was read already. */
  body?: Buffer;
  /** Most bytes of a body that pass, or null for as many as there are. */
  bodyMaxBytes: number | null;
  /** Nothing of the answer passes before it is settled; its rejection is the exchange's failure. */
  gate?: Promise<void>;
  /** Sees each part of the answer's body as it passes; must be quick. */
  onData?: (chunk: Buffer) => void;
  /** The exchange is over; called once, before `onFailed`. */
  onEnd?: (end: ExchangeEnd) => void;
  /** The caller's view of the answer's head: a flat list of names and values. */
  toResponseHeaders: (status: number, headers: IncomingHttpHeaders) => string[];
  /** Nothing has been answered yet: do so, or begin another exchange. */
  onFailed: (failure: ExchangeFailure) => void;
}

/** complete: answered to the end; gone: the caller left first; cut: the answer broke off; failed: there was none. */
export type ExchangeEnd = "complete" | "gone" | "cut" | "failed";

export interface ExchangeFailure {
  error: Error;
  /** False when not a byte of the request has left. */
  wasSent: boolean;
}

/** The caller is gone, or was sent away: what is under way for them ends, and needs no answer. */
const gone = new Error("the caller is gone");
/** RFC 9112, 9.6: the caller may still be sending when the answer is complete; cutting at once could lose the answer. */
const LINGER_MS = 2 * SECOND_MS;

/**
 * One request passed on through undici and its answer passed back, both streamed with back-pressure and nothing
 * collected. Whoever goes away first ends the other side: no socket outlives its exchange.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #plan: ExchangePlan;
  #controller: Dispatcher.DispatchController | null = null;
  #isGone = false;
  #hasHead = false;
  #isOver = false;
  #isWaitingForDrain = false;

  constructor(request: IncomingMessage, response: ServerResponse, plan: ExchangePlan) {
    this.#request = request;
    this.#response = response;
    this.#plan = plan;
  }

  start(): void {
    const { dispatcher, method, path, headers, hasBody, bodyMaxBytes } = this.#plan;
    this.#response.on("close", this.#onClose);
    const body = this.#plan.body ?? (hasBody ? new RequestBody(this.#request, bodyMaxBytes) : null);
    dispatcher.dispatch({ method, path, headers, body }, this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isGone) controller.abort(gone);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    const { gate } = this.#plan;
    if (gate === undefined) {
      this.#begin(status, headers);
      return;
    }
    controller.pause();
    gate.then(() => this.#resume(controller, status, headers)).catch((error: Error) => controller.abort(error));
  }

  #resume(controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (!this.#isGone) this.#begin(status, headers);
    controller.resume();
  }

  #begin(status: number, headers: IncomingHttpHeaders): void {
    // Throws for values that must not be sent; undici then reports the exchange as failed.
    this.#response.writeHead(status, this.#plan.toResponseHeaders(status, headers));
    this.#hasHead = true;
    // A head whose body isn't here yet leaves now (event streams); else both leave in one packet.
    process.nextTick(this.#flushHead);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { onData } = this.#plan;
    if (onData !== undefined) onData(chunk);
    if (this.#isGone || this.#response.write(chunk)) return;
    controller.pause();
    if (this.#isWaitingForDrain) return;
    this.#isWaitingForDrain = true;
    this.#response.once("drain", this.#onDrain);
  }

  onResponseEnd(): void {
    this.#end("complete");
    this.#response.end();
    if (!this.#request.complete) this.#linger();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#isGone) return;
    this.#end(this.#hasHead ? "cut" : "failed");
    this.#response.off("close", this.#onClose);
    // Cut off, so that the caller can tell the half of an answer from a whole one.
    if (this.#hasHead) this.#response.destroy();
    else this.#plan.onFailed({ error, wasSent: this.#controller !== null });
  }

  readonly #flushHead = () => {
    if (!this.#response.writableEnded && !this.#response.destroyed) this.#response.flushHeaders();
  };

  readonly #onDrain = () => {
    this.#isWaitingForDrain = false;
    this.#controller?.resume();
  };

  readonly #onClose = () => {
    if (this.#response.writableFinished) return;
    this.#isGone = true;
    this.#end("gone");
    this.#controller?.abort(gone);
  };

  #end(end: ExchangeEnd): void {
    const { onEnd } = this.#plan;
    if (this.#isOver || onEnd === undefined) return;
    this.#isOver = true;
    onEnd(end);
  }

  #linger(): void {
    const { socket } = this.#request;
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    this.#request.once("close", () => clearTimeout(timer)).resume();
  }
}
