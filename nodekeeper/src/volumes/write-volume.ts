import { open } from "node:fs/promises";
import { VOLUME_MAX_MB, type CopyResult } from "@automna/contract/nodekeeper";
import { appError } from "@automna/contract/error-catalogue";
import { MB } from "./file-system.ts";
import {
  blockLength,
  DIGEST_BYTES,
  HEAD_BYTES,
  isNextBlock,
  makeDigest,
  OFFSET_BYTES,
  readOffset,
  sizeOf,
} from "./volume-format.ts";

/** Before the first block: its offset must be larger. */
const NONE = -1;
/** Of the contract: a terabyte. */
const SIZE_MAX_BYTES = VOLUME_MAX_MB * MB;

/**
 * Writes what `readVolume` at another node sent into a new sparse file. Throws `copy_damaged` for anything that is not a
 * whole volume with the right digest; the file is then the caller's to remove.
 */
export async function writeVolume(
  file: string,
  bytes: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<CopyResult> {
  const reader = makeReader(bytes);
  const handle = await open(file, "w", 0o600);
  try {
    const digest = makeDigest();
    const head = await reader.take(HEAD_BYTES);
    const size = sizeOf(head);
    if (size === null || size > SIZE_MAX_BYTES) throw broken("it does not begin like a volume");
    digest.update(head);
    await handle.truncate(size);
    for (let previous = NONE; ;) {
      signal.throwIfAborted();
      const field = await reader.take(OFFSET_BYTES);
      const offset = readOffset(field);
      if (offset === "end") break;
      if (!isNextBlock(offset, previous, size)) throw broken("a block is out of place");
      const block = await reader.take(blockLength(offset, size));
      digest.update(field).update(block);
      await handle.write(block, 0, block.length, offset);
      previous = offset;
    }
    const found = digest.digest();
    const told = await reader.take(DIGEST_BYTES);
    if (!told.equals(found)) throw broken("the digest differs");
    if (!(await reader.isAtEnd())) throw broken("something follows its end");
    await handle.sync();
    return { digest: found.toString("hex"), bytes: reader.taken() };
  } finally {
    await reader.end();
    await handle.close();
  }
}

interface Reader {
  /** Exactly so many bytes. Throws `copy_damaged` when the stream ends before. */
  take: (length: number) => Promise<Buffer>;
  isAtEnd: () => Promise<boolean>;
  end: () => Promise<void>;
  taken: () => number;
}

function makeReader(bytes: AsyncIterable<Buffer>): Reader {
  const source = bytes[Symbol.asyncIterator]();
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let taken = 0;

  const fill = async (length: number): Promise<boolean> => {
    while (waitingBytes < length) {
      const next = await source.next();
      if (next.done === true) return false;
      waiting.push(next.value);
      waitingBytes += next.value.length;
    }
    return true;
  };

  return {
    async take(length) {
      if (!(await fill(length))) throw broken("it ended early");
      const all = waiting.length === 1 ? (waiting[0] as Buffer) : Buffer.concat(waiting);
      waiting = [all.subarray(length)];
      waitingBytes -= length;
      taken += length;
      return all.subarray(0, length);
    },
    isAtEnd: async () => !(await fill(1)),
    end: async () => void (await source.return?.()),
    taken: () => taken,
  };
}

function broken(what: string): Error {
  return appError("copy_damaged", { cause: new Error(what) });
}
