import { randomBytes } from "node:crypto";
import type { FrameTracker } from "./frame-tracker.ts";

const TOKEN_BYTES = 8;
const MASK_BYTES = 4;
const PING = 0x89;
const PONG = 0x8a;
const MASKED = 0x80;

/**
 * One ping of our own to one side of a pair, and its answer, which is for us and is not passed on. Every other byte
 * of that side passes unchanged; the only payload that is ever looked at is that of a pong as long as ours.
 */
export class OwnPing {
  readonly #token = randomBytes(TOKEN_BYTES);
  /** The peer is a client: it masks what it sends, and must not be sent masked frames (RFC 6455, 5.1). */
  readonly #isClient: boolean;
  #isAnswered = false;
  /** The beginning of what may be our pong. */
  #held: Buffer = Buffer.alloc(0);

  constructor(peer: "client" | "server") {
    this.#isClient = peer === "client";
  }

  isAnswered(): boolean {
    return this.#isAnswered;
  }

  frame(): Buffer {
    if (this.#isClient) return Buffer.concat([Buffer.from([PING, TOKEN_BYTES]), this.#token]);
    const mask = randomBytes(MASK_BYTES);
    return Buffer.concat([Buffer.from([PING, MASKED | TOKEN_BYTES]), mask, xor(this.#token, mask)]);
  }

  /** What to pass on of a chunk that the peer sent. `sent` has seen all that was passed on before, and sees this. */
  takePong(chunk: Buffer, sent: FrameTracker): Buffer {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = Buffer.alloc(0);
    let at = 0;
    while (at < bytes.length) {
      const match = sent.isBetweenFrames() ? this.#match(bytes, at) : "other";
      if (match === "unfinished") {
        this.#held = bytes.subarray(at);
        return bytes.subarray(0, at);
      }
      if (match === "ours") {
        this.#isAnswered = true;
        const rest = bytes.subarray(at + this.#pongBytes());
        sent.push(rest);
        return Buffer.concat([bytes.subarray(0, at), rest]);
      }
      at = sent.advance(bytes, at);
    }
    return bytes;
  }

  /** What was held back of a peer that sends no more. */
  takeHeld(): Buffer {
    const held = this.#held;
    this.#held = Buffer.alloc(0);
    return held;
  }

  #pongBytes(): number {
    return 2 + (this.#isClient ? MASK_BYTES : 0) + TOKEN_BYTES;
  }

  #match(bytes: Buffer, at: number): "ours" | "other" | "unfinished" {
    if (bytes[at] !== PONG) return "other";
    if (at + 1 < bytes.length && bytes[at + 1] !== ((this.#isClient ? MASKED : 0) | TOKEN_BYTES)) return "other";
    const end = at + this.#pongBytes();
    if (bytes.length < end) return "unfinished";
    const payload = bytes.subarray(end - TOKEN_BYTES, end);
    const token = this.#isClient ? xor(payload, bytes.subarray(at + 2, at + 2 + MASK_BYTES)) : payload;
    return token.equals(this.#token) ? "ours" : "other";
  }
}

function xor(bytes: Buffer, mask: Buffer): Buffer {
  return Buffer.from(bytes.map((byte, index) => byte ^ (mask[index % MASK_BYTES] ?? 0)));
}
