import { describe, expect, test } from "vitest";
import {
  BLOCK_BYTES,
  blockLength,
  endBytes,
  headOf,
  isNextBlock,
  isZero,
  offsetBytes,
  parseExtents,
  readOffset,
  sizeOf,
} from "./volume-format.ts";

const listing = `Filesystem type is: ef53
File size of volume.ext4 is 209715200 (51200 blocks of 4096 bytes)
 ext:     logical_offset:        physical_offset: length:   expected: flags:
   0:        0..      65:   18678319..  18678384:     66:
   1:       67..      67:   18678386..  18678386:      1:
   2:     1993..    1995:   18680312..  18680314:      3:             unwritten
   3:    51199..   51199:   18683392..  18683392:      1:   18680315: last,eof
volume.ext4: 4 extents found
`;

describe("a file's extents", () => {
  test("are whole blocks, in order, joined where they touch, and end with the file", () => {
    expect(parseExtents(listing, 209_715_200)).toEqual([
      { start: 0, end: 5 * BLOCK_BYTES },
      { start: 124 * BLOCK_BYTES, end: 125 * BLOCK_BYTES },
      { start: 3_199 * BLOCK_BYTES, end: 209_715_200 },
    ]);
  });
  test("of an empty file are none", () => {
    expect(
      parseExtents("File size of x is 1048576 (256 blocks of 4096 bytes)\nx: 0 extents found\n", 1_048_576),
    ).toEqual([]);
  });
  test("that nobody understands are an error, never none", () => {
    expect(() => parseExtents("filefrag: FIBMAP unsupported", 1)).toThrow("filefrag");
  });
});

test("head, offsets and end are read as they were written", () => {
  expect(sizeOf(headOf(5_000_000_000))).toBe(5_000_000_000);
  expect(sizeOf(Buffer.alloc(16))).toBeNull();
  expect(readOffset(offsetBytes(3 * BLOCK_BYTES))).toBe(3 * BLOCK_BYTES);
  expect(readOffset(endBytes(Buffer.alloc(32)).subarray(0, 8))).toBe("end");
});

test.each([
  ["the first block", 0, -1, true],
  ["a later one", 4 * BLOCK_BYTES, 2 * BLOCK_BYTES, true],
  ["the same again", 2 * BLOCK_BYTES, 2 * BLOCK_BYTES, false],
  ["an earlier one", 0, 2 * BLOCK_BYTES, false],
  ["one that is not aligned", 1, -1, false],
  ["one behind the end", 10 * BLOCK_BYTES, -1, false],
])("%s is taken as next: %s after %s is %s", (_, offset, previous, isNext) => {
  expect(isNextBlock(offset, previous, 10 * BLOCK_BYTES)).toBe(isNext);
});

test("only the last block is short", () => {
  expect(blockLength(0, BLOCK_BYTES + 5)).toBe(BLOCK_BYTES);
  expect(blockLength(BLOCK_BYTES, BLOCK_BYTES + 5)).toBe(5);
});

test("one bit makes a block worth sending", () => {
  const block = Buffer.alloc(BLOCK_BYTES);
  expect(isZero(block)).toBe(true);
  block[BLOCK_BYTES - 1] = 1;
  expect(isZero(block)).toBe(false);
});
