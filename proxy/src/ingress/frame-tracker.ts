const CLOSE = 0x8;
/** Bits of a frame's first byte. */
const CONTROL = 0x08;
const FINAL = 0x80;

/**
 * Follows WebSocket frames by their headers alone (RFC 6455, 5.2), so that a frame of our own can go between two of
 * the peer's and never into one. No payload is kept, copied or unmasked.
 */
export class FrameTracker {
  /** Bytes of the present frame still to come, once its header is known. */
  #payloadLeft = 0;
  /** Bytes of the present header read so far. */
  #headerRead = 0;
  #opcode = 0;
  #lengthLeft = 0;
  #maskLeft = 0;
  #length = 0;
  #hasClose = false;
  #isMessageOpen = false;

  /** True between two frames: here a control frame may be written. */
  isBetweenFrames(): boolean {
    return this.#payloadLeft === 0 && this.#headerRead === 0;
  }

  /** True between two messages: here a connection can end without cutting anything (RFC 6455, 5.4: a message may be many frames). */
  isBetweenMessages(): boolean {
    return !this.#isMessageOpen && this.isBetweenFrames();
  }

  /** True once a close frame has begun: nothing may follow it (RFC 6455, 5.5.1). */
  hasClose(): boolean {
    return this.#hasClose;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) at = this.advance(chunk, at);
  }

  /** Reads from `at` to the end of the present frame or of the chunk, whichever comes first, and answers where that is. */
  advance(chunk: Uint8Array, at: number): number {
    let next = at;
    while (next < chunk.length) {
      if (this.#payloadLeft > 0) {
        const taken = Math.min(this.#payloadLeft, chunk.length - next);
        this.#payloadLeft -= taken;
        next += taken;
      } else {
        this.#readHeader(chunk[next] ?? 0);
        next += 1;
      }
      if (this.isBetweenFrames()) break;
    }
    return next;
  }

  #readHeader(byte: number): void {
    this.#headerRead += 1;
    if (this.#headerRead === 1) {
      this.#opcode = byte & 0x0f;
      // Control frames may come between the frames of a message and say nothing about it.
      if ((byte & CONTROL) === 0) this.#isMessageOpen = (byte & FINAL) === 0;
      return;
    }
    if (this.#headerRead === 2) {
      const code = byte & 0x7f;
      this.#lengthLeft = code === 127 ? 8 : code === 126 ? 2 : 0;
      this.#length = this.#lengthLeft === 0 ? code : 0;
      this.#maskLeft = (byte & 0x80) === 0 ? 0 : 4;
    } else if (this.#lengthLeft > 0) {
      this.#lengthLeft -= 1;
      this.#length = this.#length * 256 + byte;
    } else this.#maskLeft -= 1;
    if (this.#lengthLeft > 0 || this.#maskLeft > 0) return;
    this.#payloadLeft = this.#length;
    this.#headerRead = 0;
    if (this.#opcode === CLOSE) this.#hasClose = true;
  }
}

/** A server's close frame (unmasked): code and reason, together at most 125 bytes. */
export function closeFrame(code: number, reason: string): Buffer {
  const text = Buffer.from(reason, "utf8");
  const payload = Buffer.alloc(2 + text.length);
  payload.writeUInt16BE(code, 0);
  text.copy(payload, 2);
  return Buffer.concat([Buffer.from([0x88, payload.length]), payload]);
}
