import { createHash } from "node:crypto";

/**
 * A volume on the wire: head (magic, size), then every block that holds anything but zeros with its offset, in order, then
 * an end with the SHA-256 of all before it. The same content gives the same bytes, whatever the file's holes are, so the
 * digest is that of the content.
 */
export const BLOCK_BYTES = 64 * 1024;
export const HEAD_BYTES = 16;
export const OFFSET_BYTES = 8;
export const DIGEST_BYTES = 32;

const MAGIC = Buffer.from("ATMVOL01", "latin1");
const END = 0xff_ff_ff_ff_ff_ff_ff_ffn;
const ZEROS = Buffer.alloc(BLOCK_BYTES);

/** Part of a file that may hold something, in bytes; `end` is behind the last one. */
export interface Extent {
  start: number;
  end: number;
}

export function makeDigest() {
  return createHash("sha256");
}

export function headOf(size: number): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  MAGIC.copy(head);
  head.writeBigUInt64BE(BigInt(size), MAGIC.length);
  return head;
}

/** Size of the volume, or null for bytes that are no head of ours. */
export function sizeOf(head: Buffer): number | null {
  if (!head.subarray(0, MAGIC.length).equals(MAGIC)) return null;
  const size = head.readBigUInt64BE(MAGIC.length);
  return size <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(size) : null;
}

export function offsetBytes(offset: number): Buffer {
  const bytes = Buffer.alloc(OFFSET_BYTES);
  bytes.writeBigUInt64BE(BigInt(offset));
  return bytes;
}

export function endBytes(digest: Buffer): Buffer {
  const end = Buffer.alloc(OFFSET_BYTES);
  end.writeBigUInt64BE(END);
  return Buffer.concat([end, digest]);
}

/** What an offset field says: where the next block goes, or that there is none. */
export function readOffset(bytes: Buffer): number | "end" {
  const offset = bytes.readBigUInt64BE();
  return offset === END ? "end" : Number(offset);
}

/** Blocks come in order, whole and inside the volume; anything else was not written by us. */
export function isNextBlock(offset: number, previous: number, size: number): boolean {
  return offset % BLOCK_BYTES === 0 && offset > previous && offset < size;
}

/** Length of the block at `offset`: only the last may be shorter. */
export function blockLength(offset: number, size: number): number {
  return Math.min(BLOCK_BYTES, size - offset);
}

export function isZero(block: Buffer): boolean {
  return block.equals(ZEROS.subarray(0, block.length));
}

/** The extents that filefrag lists, widened to whole blocks and joined where they touch. */
export function parseExtents(text: string, size: number): Extent[] {
  const unit = Number(/blocks? of (\d+) bytes/.exec(text)?.[1]);
  if (!Number.isInteger(unit)) throw new Error("filefrag does not say how long its blocks are");
  const rows = [...text.matchAll(/^\s*\d+:\s*(\d+)\.\.\s*(\d+):/gm)].map(([, first, last]) => ({
    start: Math.floor((Number(first) * unit) / BLOCK_BYTES) * BLOCK_BYTES,
    end: Math.min(Math.ceil(((Number(last) + 1) * unit) / BLOCK_BYTES) * BLOCK_BYTES, size),
  }));
  const joined: Extent[] = [];
  for (const row of rows.toSorted((a, b) => a.start - b.start)) {
    const previous = joined.at(-1);
    if (previous !== undefined && row.start <= previous.end) previous.end = Math.max(previous.end, row.end);
    else if (row.start < row.end) joined.push({ ...row });
  }
  return joined;
}
