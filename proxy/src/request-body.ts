import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { appError } from "@automna/contract/error-catalogue";
import { MINUTE_MS } from "@automna/core/shared/clock";

/** A caller that began a body and sends no more of it holds a connection for nothing. */
const SILENCE_MS = MINUTE_MS;

/**
 * A request's body on its way on. The request itself can't be given away: a body is destroyed with its exchange, and
 * with the request would go the connection that still has to carry the answer.
 */
export class RequestBody extends Readable {
  readonly #request: IncomingMessage;
  readonly #maxBytes: number | null;
  readonly #tally: { bytesIn: number } | undefined;
  #bytes = 0;
  #isReading = false;

  constructor(request: IncomingMessage, maxBytes: number | null, tally?: { bytesIn: number }) {
    super();
    this.#request = request;
    this.#maxBytes = maxBytes;
    this.#tally = tally;
  }

  override _read(): void {
    if (!this.#isReading) {
      this.#isReading = true;
      this.#request.on("data", this.#onData).on("end", this.#onEnd).on("close", this.#onClose);
      this.#request.setTimeout(SILENCE_MS, this.#onSilence);
    }
    this.#request.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const request = this.#request;
    request.off("data", this.#onData).off("end", this.#onEnd).off("close", this.#onClose);
    request.off("timeout", this.#onSilence);
    if (this.#isReading) request.socket.setTimeout(0);
    request.resume();
    done(error);
  }

  readonly #onData = (chunk: Buffer) => {
    this.#bytes += chunk.length;
    if (this.#tally !== undefined) this.#tally.bytesIn += chunk.length;
    if (this.#maxBytes !== null && this.#bytes > this.#maxBytes) this.destroy(appError("body_too_large"));
    else if (!this.push(chunk)) this.#request.pause();
  };

  readonly #onEnd = () => {
    this.push(null);
  };

  readonly #onClose = () => {
    if (!this.#request.complete) this.destroy(new Error("the caller went away before the end of its body"));
  };

  readonly #onSilence = () => {
    this.#request.socket.destroy();
  };
}
