const FIRST_BYTES = 1_024;

/** Bytes that wait for the rest of them. Grows by doubling: whoever sends byte by byte costs us no more than their number. */
export class ByteTail {
  #memory: Buffer = Buffer.alloc(0);
  #length = 0;

  isEmpty(): boolean {
    return this.#length === 0;
  }

  /** What waited with the chunk behind it, in memory that is used again after the next call. */
  append(chunk: Buffer): Buffer {
    const length = this.#length + chunk.length;
    if (length > this.#memory.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, 2 * length));
      this.#memory.copy(larger, 0, 0, this.#length);
      this.#memory = larger;
    }
    chunk.copy(this.#memory, this.#length);
    this.#length = length;
    return this.#memory.subarray(0, length);
  }

  /** Keeps what follows `at`; `bytes` may be what `append` answered. */
  keep(bytes: Buffer, at: number): void {
    const isOwn = bytes.buffer === this.#memory.buffer;
    if (isOwn && at === 0) return;
    const rest = bytes.subarray(at);
    this.#length = 0;
    if (isOwn) {
      rest.copy(this.#memory, 0);
      this.#length = rest.length;
    } else this.append(rest);
  }

  clear(): void {
    this.#memory = Buffer.alloc(0);
    this.#length = 0;
  }
}
