import { Readable } from "node:stream";
import { MINUTE_MS, SECOND_MS } from "@automna/core/shared/clock";

export interface MovingBytes {
  bytes: Readable;
  /** Aborts when nothing moves any more, or with the caller's. */
  signal: AbortSignal;
  /** What the source failed with, or null. */
  sourceError: unknown;
  end: () => void;
}

/** Held here at most, whatever the target can take. */
const HELD_BYTES = 1024 * 1024;
const LOOK_EVERY_MS = 5 * SECOND_MS;
const STANDSTILL_MS = MINUTE_MS;
/** After the last byte the target checks the file system before it answers. */
const AFTER_END_MS = 20 * MINUTE_MS;

/** Passes bytes on and gives up when none was taken for a minute: a transfer may take hours, but it has to move. */
export function withoutStandstill(source: AsyncIterable<Buffer>, signal: AbortSignal): MovingBytes {
  const stuck = new AbortController();
  let waitsUntil = performance.now() + STANDSTILL_MS;
  const watch = setInterval(() => {
    if (performance.now() > waitsUntil) stuck.abort(new Error("the transfer stands still"));
  }, LOOK_EVERY_MS);
  const moving: MovingBytes = {
    bytes: Readable.from(pass(), { objectMode: false, highWaterMark: HELD_BYTES }),
    signal: AbortSignal.any([signal, stuck.signal]),
    sourceError: null,
    end: () => clearInterval(watch),
  };

  async function* pass(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of source) {
        waitsUntil = performance.now() + STANDSTILL_MS;
        yield chunk;
      }
      waitsUntil = performance.now() + AFTER_END_MS;
    } catch (error) {
      moving.sourceError = error;
      throw error;
    }
  }
  return moving;
}
