import type { Socket } from "node:net";
import { SECOND_MS } from "@automna/core/shared/clock";
import { closeFrame, FrameTracker } from "./frame-tracker.ts";

const KEEP_ALIVE_PROBE_MS = 30 * SECOND_MS;
/** Time for what is already written to reach the peer: after one side has ended by itself, and after we end it. */
const LINGER_MS = 10 * SECOND_MS;
const LINGER_ENDED_MS = SECOND_MS;

/**
 * The one owner of a client's and a backend's socket after the handshake. Bytes pass unchanged and with
 * back-pressure; the end or failure of one side ends the other.
 */
export class SocketPair {
  readonly #client: Socket;
  readonly #backend: Socket;
  /** What the backend has sent: our close frame must not land inside one of its frames. */
  readonly #toClient = new FrameTracker();
  #linger: NodeJS.Timeout | null = null;
  #isClosed = false;
  #onClosed: () => void = () => undefined;

  constructor(client: Socket, backend: Socket) {
    this.#client = client;
    this.#backend = backend;
    client.setTimeout(0);
    client.setNoDelay(true);
    client.setKeepAlive(true, KEEP_ALIVE_PROBE_MS);
    client.on("data", this.#fromClient).on("drain", () => backend.resume());
    backend.on("data", this.#fromBackend).on("drain", () => client.resume());
    client.on("end", this.#clientEnded).on("error", this.#destroy).on("close", this.#destroy);
    backend.on("end", this.#backendEnded).on("error", this.#destroy).on("close", this.#backendClosed);
    if (client.destroyed || backend.destroyed) this.#destroy();
    client.resume();
    backend.resume();
  }

  /** Calls back once, when both sides are gone. */
  onClosed(handle: () => void): void {
    if (this.#isClosed) handle();
    else this.#onClosed = handle;
  }

  /** Ends the pair with a close code for the client; within a message of the backend's there is only the cut. */
  end(code: number, reason: string): void {
    if (this.#isClosed) return;
    if (this.#linger !== null) {
      this.#destroy();
      return;
    }
    const canSpeak = this.#toClient.isBetweenFrames() && this.#client.writable;
    // Set before destroying the backend: its close must not cut what we still say.
    this.#startLinger(LINGER_ENDED_MS);
    this.#client.off("data", this.#fromClient);
    this.#backend.off("data", this.#fromBackend).destroy();
    if (!canSpeak) {
      this.#destroy();
      return;
    }
    this.#client.end(closeFrame(code, reason));
    this.#client.resume();
  }

  readonly #fromClient = (chunk: Buffer) => {
    if (!this.#backend.write(chunk)) this.#client.pause();
  };

  readonly #fromBackend = (chunk: Buffer) => {
    this.#toClient.push(chunk);
    if (!this.#client.write(chunk)) this.#backend.pause();
  };

  readonly #clientEnded = () => {
    this.#backend.end();
    this.#startLinger();
  };

  readonly #backendEnded = () => {
    this.#client.end();
    this.#startLinger();
  };

  /** The backend's socket is gone with all it had to say: the client still gets what was written to it. */
  readonly #backendClosed = () => {
    if (this.#client.writableLength === 0 && !this.#client.writableNeedDrain && this.#linger === null) this.#destroy();
    else {
      this.#client.end();
      this.#startLinger();
    }
  };

  #startLinger(ms = LINGER_MS): void {
    this.#linger ??= setTimeout(this.#destroy, ms);
  }

  readonly #destroy = () => {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#linger !== null) clearTimeout(this.#linger);
    this.#client.destroy();
    this.#backend.destroy();
    this.#onClosed();
  };
}
