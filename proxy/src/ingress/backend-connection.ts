import type { Socket } from "node:net";
import type { Clock } from "@automna/core/shared/clock";
import { readDirectly } from "./backend-socket.ts";
import { AnswerReader, type AnswerSink } from "./backend-answer.ts";

/** A request under way on a connection. */
export interface ConnectionUser extends AnswerSink {
  method: string;
  /** All that arrived together has been told of. */
  onRead: () => void;
  /** The connection takes more of the body again. */
  onDrain: () => void;
  /** The connection is lost; `wasKept`: it had been kept from an earlier request, and not a byte of an answer came. */
  onLost: (error: Error, wasKept: boolean) => void;
}

export interface ConnectionOwner {
  onFree: (connection: BackendConnection) => void;
  onGone: (connection: BackendConnection) => void;
}

/** One proven connection to a backend, for one request at a time. It belongs to nobody else. */
export class BackendConnection {
  readonly socket: Socket;
  /** Of the last byte in either direction. */
  activeAtMs: number;
  /** Of the last byte that was sent. */
  sentAtMs: number;
  readonly #owner: ConnectionOwner;
  readonly #now: Clock;
  readonly #reader = new AnswerReader();
  #user: ConnectionUser | null = null;
  #wasKept = false;
  #hasAnswered = false;
  #isGone = false;

  constructor(socket: Socket, owner: ConnectionOwner, now: Clock) {
    this.socket = socket;
    this.#owner = owner;
    this.#now = now;
    this.activeAtMs = this.sentAtMs = now();
    readDirectly(socket, this.#onData);
    socket
      .on("drain", () => this.#user?.onDrain())
      .on("end", this.#onEnd)
      .on("error", this.#lose)
      .on("close", () => this.#lose());
    socket.resume();
  }

  /** Begins a request: its head leaves now, and its answer is this user's. */
  begin(user: ConnectionUser, head: string): void {
    this.#user = user;
    this.#hasAnswered = false;
    this.#reader.begin(user.method, user);
    this.write(head);
  }

  /** Text is latin1. False asks to wait for onDrain. */
  write(bytes: Buffer | string): boolean {
    this.activeAtMs = this.sentAtMs = this.#now();
    return typeof bytes === "string" ? this.socket.write(bytes, "latin1") : this.socket.write(bytes);
  }

  isBusy(): boolean {
    return this.#user !== null;
  }

  isWaitingForHead(): boolean {
    return this.#reader.isWaitingForHead();
  }

  /** How long the backend said that it keeps the connection, seconds. */
  keepAliveS(): number | null {
    return this.#reader.keepAliveS();
  }

  /** Nobody uses it for now. */
  keep(): void {
    this.#wasKept = true;
  }

  /** The user has its answer. `isSent`: it has sent all of its body too; only then another request may follow. */
  release(isSent: boolean): void {
    this.#user = null;
    // A reader that was slow to the end must not leave the connection paused for the next.
    if (this.socket.isPaused()) this.socket.resume();
    if (!isSent || !this.#reader.mayBeReused()) this.destroy();
  }

  /** The user wants no more of it: nothing else can come over this connection. */
  destroy(): void {
    this.#user = null;
    this.#lose();
  }

  readonly #onData = (chunk: Buffer) => {
    // What was read before it was noticed that the connection is lost: its user has been told so.
    if (this.#isGone) return;
    this.activeAtMs = this.#now();
    this.#hasAnswered = true;
    const user = this.#user;
    try {
      this.#reader.push(chunk);
    } catch (error) {
      this.#lose(error instanceof Error ? error : new Error("unreadable answer", { cause: error }));
      return;
    }
    if (this.#user !== null) this.#user.onRead();
    else if (user !== null && !this.#isGone) this.#owner.onFree(this);
  };

  readonly #onEnd = () => {
    this.#reader.close();
    this.#lose();
  };

  readonly #lose = (error: Error = new Error("the backend closed the connection")) => {
    if (this.#isGone) return;
    this.#isGone = true;
    const user = this.#user;
    this.#user = null;
    this.socket.destroy();
    this.#owner.onGone(this);
    user?.onLost(error, this.#wasKept && !this.#hasAnswered);
  };
}
