import { open } from "node:fs/promises";
import { run } from "../programs.ts";
import {
  BLOCK_BYTES,
  blockLength,
  endBytes,
  headOf,
  isZero,
  makeDigest,
  offsetBytes,
  parseExtents,
  type Extent,
} from "./volume-format.ts";

/** Read at once: few calls for large files, little memory for many transfers. */
const READ_BYTES = 16 * BLOCK_BYTES;

/** The bytes of a volume file as they go over the wire. Holes are not even read. */
export async function* readVolume(file: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  const handle = await open(file, "r");
  try {
    const { size } = await handle.stat();
    const digest = makeDigest();
    const head = headOf(size);
    digest.update(head);
    yield head;
    for (const { start, end } of await listExtents(file, size, signal)) {
      for (let at = start; at < end; at += READ_BYTES) {
        signal.throwIfAborted();
        const wanted = Math.min(READ_BYTES, end - at);
        const chunk = Buffer.allocUnsafe(wanted);
        const { bytesRead } = await handle.read(chunk, 0, wanted, at);
        if (bytesRead !== wanted) throw new Error(`${file} became shorter while it was read`);
        const framed = frameBlocks(chunk, at, size);
        digest.update(framed);
        yield framed;
      }
    }
    yield endBytes(digest.digest());
  } finally {
    await handle.close();
  }
}

/** The blocks of a chunk that hold anything, each behind its offset. */
function frameBlocks(chunk: Buffer, start: number, size: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < chunk.length; at += BLOCK_BYTES) {
    const block = chunk.subarray(at, at + blockLength(start + at, size));
    if (!isZero(block)) parts.push(offsetBytes(start + at), block);
  }
  return Buffer.concat(parts);
}

async function listExtents(file: string, size: number, signal: AbortSignal): Promise<Extent[]> {
  return parseExtents(await run("filefrag", ["-e", "-s", file], { signal }), size);
}
