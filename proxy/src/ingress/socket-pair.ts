import type { Socket } from "node:net";
import { SECOND_MS } from "@automna/core/shared/clock";
import { readDirectly } from "./backend-socket.ts";
import { closeFrame } from "./frame-tracker.ts";
import type { Heartbeat } from "./heartbeat.ts";
import { SocketLeg } from "./socket-leg.ts";

const KEEP_ALIVE_PROBE_MS = 30 * SECOND_MS;
/** Time for what is already written to reach the peer: after one side has ended by itself, and after we end it. */
const LINGER_MS = 10 * SECOND_MS;
const LINGER_ENDED_MS = SECOND_MS;
/** Node writes shorter texts from its stack. */
const AS_TEXT_MAX_BYTES = 16_383;
/** RFC 6455, 7.4.1: going away. */
const GOING_AWAY = 1001;

/**
 * The one owner of a client's and a backend's socket after the handshake. Bytes pass unchanged and with
 * back-pressure; the end or failure of one side ends the other. What is ours goes between frames.
 */
export class SocketPair {
  readonly #client: SocketLeg;
  readonly #backend: SocketLeg;
  readonly #stopBeating: () => void;
  #linger: NodeJS.Timeout | null = null;
  #isClosed = false;
  #onClosed: () => void = () => undefined;

  constructor(client: Socket, backend: Socket, heartbeat: Heartbeat) {
    this.#client = new SocketLeg(client, "client");
    this.#backend = new SocketLeg(backend, "server");
    this.#stopBeating = heartbeat.join(this);
    client.setTimeout(0);
    client.setNoDelay(true);
    client.setKeepAlive(true, KEEP_ALIVE_PROBE_MS);
    client.on("data", this.#fromClient).on("drain", () => backend.resume());
    readDirectly(backend, this.#fromShared);
    // What was read of it before it was ours.
    backend.on("data", this.#fromBackend).on("drain", () => client.resume());
    client.on("end", this.#clientEnded).on("error", this.#destroy).on("close", this.#destroy);
    backend.on("end", this.#backendEnded).on("error", this.#destroy).on("close", this.#backendClosed);
    if (client.destroyed || backend.destroyed) this.#destroy();
    // Ended while the other side was being opened: nobody heard it.
    if (client.readableEnded) this.#clientEnded();
    if (backend.readableEnded) this.#backendEnded();
    client.resume();
    backend.resume();
  }

  /** Calls back once, when both sides are gone. */
  onClosed(handle: () => void): void {
    if (this.#isClosed) handle();
    else this.#onClosed = handle;
  }

  /** True when `end` would cut no message of either side. */
  canEndCleanly(): boolean {
    return this.#client.sent.isBetweenMessages() && this.#backend.sent.isBetweenMessages();
  }

  /** Ends the pair with a close code for the client; within a message of the backend's there is only the cut. */
  end(code: number, reason: string): void {
    if (this.#isClosed) return;
    if (this.#linger !== null) {
      this.#destroy();
      return;
    }
    const canSpeak = this.#client.mayHear(this.#backend);
    const { socket: client } = this.#client;
    // Set before destroying the backend: its close must not cut what we still say.
    this.#startLinger(LINGER_ENDED_MS);
    client.off("data", this.#fromClient);
    this.#backend.socket.off("data", this.#fromBackend).destroy();
    if (!canSpeak) {
      this.#destroy();
      return;
    }
    client.end(closeFrame(code, reason));
    client.resume();
  }

  /** Asks silent sides for a sign of life, and ends the pair when one gives none. */
  beat(): void {
    if (this.#isClosed || this.#linger !== null) return;
    if (!this.#client.beat(this.#backend)) this.#destroy();
    else if (!this.#backend.beat(this.#client)) this.end(GOING_AWAY, "the agent does not answer");
  }

  readonly #fromClient = (chunk: Buffer) => {
    const passed = this.#client.read(chunk);
    if (passed.length > 0 && !this.#backend.socket.write(passed)) this.#client.socket.pause();
    this.#backend.pingIfDue(this.#client);
  };

  readonly #fromBackend = (chunk: Buffer) => {
    const passed = this.#backend.read(chunk);
    if (passed.length > 0 && !this.#client.socket.write(passed)) this.#backend.socket.pause();
    this.#client.pingIfDue(this.#backend);
  };

  /** The chunk's memory is used again after the call: a small one leaves as text, which needs no memory of its own. */
  readonly #fromShared = (chunk: Buffer) => {
    if (chunk.length > AS_TEXT_MAX_BYTES || this.#backend.isAsked()) {
      this.#fromBackend(Buffer.from(chunk));
      return;
    }
    this.#backend.read(chunk);
    if (!this.#client.socket.write(chunk.toString("latin1"), "latin1")) this.#backend.socket.pause();
    this.#client.pingIfDue(this.#backend);
  };

  readonly #clientEnded = () => {
    this.#backend.socket.end(this.#client.readEnd());
    this.#startLinger();
  };

  readonly #backendEnded = () => {
    this.#client.socket.end(this.#backend.readEnd());
    this.#startLinger();
  };

  /** The backend's socket is gone with all it had to say: the client still gets what was written to it. */
  readonly #backendClosed = () => {
    const { socket: client } = this.#client;
    if (client.writableLength === 0 && !client.writableNeedDrain && this.#linger === null) this.#destroy();
    else {
      client.end();
      this.#startLinger();
    }
  };

  #startLinger(ms = LINGER_MS): void {
    this.#linger ??= setTimeout(this.#destroy, ms);
  }

  readonly #destroy = () => {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopBeating();
    if (this.#linger !== null) clearTimeout(this.#linger);
    this.#client.socket.destroy();
    this.#backend.socket.destroy();
    this.#onClosed();
  };
}
