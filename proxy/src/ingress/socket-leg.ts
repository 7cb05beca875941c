import type { Socket } from "node:net";
import { FrameTracker } from "./frame-tracker.ts";
import { OwnPing } from "./own-ping.ts";

/** Beats without a byte after a ping of ours: the peer is gone, whatever TCP still believes. */
const UNANSWERED_BEATS_MAX = 3;

/** One side of a socket pair: its socket, the frames it has sent, and the ping that it still has to answer. */
export class SocketLeg {
  readonly socket: Socket;
  readonly sent = new FrameTracker();
  readonly #kind: "client" | "server";
  #ping: OwnPing | null = null;
  #isPingDue = false;
  #bytesReadAtBeat = 0;
  #unansweredBeats = 0;

  constructor(socket: Socket, kind: "client" | "server") {
    this.socket = socket;
    this.#kind = kind;
  }

  /** What the other side gets of a chunk that this side sent: all but the answer to our ping. */
  read(chunk: Buffer): Buffer {
    if (this.#ping === null) {
      this.sent.push(chunk);
      return chunk;
    }
    const passed = this.#ping.takePong(chunk, this.sent);
    if (this.#ping.isAnswered()) this.#ping = null;
    return passed;
  }

  /** True while it owes us an answer, and bytes may be held back. */
  isAsked(): boolean {
    return this.#ping !== null;
  }

  /** What was held back, when this side has ended. */
  readEnd(): Buffer {
    return this.#ping?.takeHeld() ?? Buffer.alloc(0);
  }

  /** Call now and then: a silent side is pinged where `other`'s frames allow it. False when it is gone. */
  beat(other: SocketLeg): boolean {
    const { socket } = this;
    const wasHeard = socket.bytesRead !== this.#bytesReadAtBeat;
    this.#bytesReadAtBeat = socket.bytesRead;
    // Unread by us is not unsaid by them: while the other side is slow this one waits.
    if (wasHeard || socket.isPaused()) {
      this.#unansweredBeats = 0;
      this.#isPingDue = false;
      return true;
    }
    if (this.#ping === null) {
      this.#isPingDue = true;
      this.pingIfDue(other);
      return true;
    }
    this.#unansweredBeats += 1;
    return this.#unansweredBeats < UNANSWERED_BEATS_MAX;
  }

  /** Call after each chunk of `other`'s: within a stream of large frames there may be few places for a ping. */
  pingIfDue(other: SocketLeg): void {
    // Behind what still waits to be sent a ping would measure the line, not the peer.
    if (this.#isPingDue && this.mayHear(other) && this.socket.writableLength === 0) this.#sendPing();
  }

  /** True while a frame of our own may be written to this side: not within one of `other`'s, nor after its close. */
  mayHear(other: SocketLeg): boolean {
    return this.socket.writable && other.sent.isBetweenFrames() && !other.sent.hasClose();
  }

  #sendPing(): void {
    this.#isPingDue = false;
    this.#ping = new OwnPing(this.#kind);
    this.#unansweredBeats = 0;
    this.socket.write(this.#ping.frame());
  }
}
