/**
 * Follows WebSocket frames by their headers alone (RFC 6455, 5.2), so that a frame of our own can go between two of
 * the peer's and never into one. No payload is kept, copied or unmasked.
 */
export class FrameTracker {
  /** Bytes of the present frame still to come, once its header is known. */
  #payloadLeft = 0;
  /** The header's bytes so far; 14 is the longest header there is. */
  readonly #header = new Uint8Array(14);
  #headerLength = 0;

  /** True between two frames: here a control frame may be written. */
  isBetweenFrames(): boolean {
    return this.#payloadLeft === 0 && this.#headerLength === 0;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#payloadLeft > 0) {
        const taken = Math.min(this.#payloadLeft, chunk.length - at);
        this.#payloadLeft -= taken;
        at += taken;
        continue;
      }
      this.#header[this.#headerLength] = chunk[at] ?? 0;
      this.#headerLength += 1;
      at += 1;
      this.#readHeader();
    }
  }

  #readHeader(): void {
    if (this.#headerLength < 2) return;
    const second = this.#header[1] ?? 0;
    const lengthCode = second & 0x7f;
    const lengthBytes = lengthCode === 127 ? 8 : lengthCode === 126 ? 2 : 0;
    const maskBytes = (second & 0x80) === 0 ? 0 : 4;
    if (this.#headerLength < 2 + lengthBytes + maskBytes) return;
    let length = lengthBytes === 0 ? lengthCode : 0;
    for (let index = 2; index < 2 + lengthBytes; index += 1) length = length * 256 + (this.#header[index] ?? 0);
    this.#payloadLeft = length;
    this.#headerLength = 0;
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
