import { randomBytes } from "node:crypto";
import { mkdtemp, open, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readVolume } from "./read-volume.ts";
import { BLOCK_BYTES, HEAD_BYTES, OFFSET_BYTES } from "./volume-format.ts";
import { writeVolume } from "./write-volume.ts";

const { signal } = new AbortController();
const SIZE = 40 * 1024 * 1024 + 4_096;
let folder: string;
let source: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "automna-transfer-"));
  source = join(folder, "source");
  const handle = await open(source, "w");
  await handle.truncate(SIZE);
  // At the start, across blocks in the middle, zeros that are written and no hole, and at the very end.
  await handle.write(randomBytes(100_000), 0, 100_000, 0);
  await handle.write(randomBytes(3_000_000), 0, 3_000_000, 7_777_777);
  await handle.write(Buffer.alloc(1_000_000), 0, 1_000_000, 20_000_000);
  await handle.write(Buffer.from("end"), 0, 3, SIZE - 3);
  await handle.close();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const sent = async () => Buffer.concat(await collect(readVolume(source, signal)));
async function collect(bytes: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return chunks;
}
/** In pieces that fit nothing. */
async function* inPieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 7_919) yield bytes.subarray(at, at + 7_919);
}
const write = (bytes: Buffer) => writeVolume(join(folder, "target"), inPieces(bytes), signal);

test("a volume arrives byte for byte, its holes as holes, and only what it holds is sent", async () => {
  const bytes = await sent();
  expect(bytes.length).toBeLessThan(3_500_000);
  const { bytes: counted, digest } = await write(bytes);
  expect(counted).toBe(bytes.length);
  const target = join(folder, "target");
  expect((await readFile(target)).equals(await readFile(source))).toBe(true);
  expect((await stat(target)).blocks * 512).toBeLessThan(4_000_000);
  const again = Buffer.concat(await collect(readVolume(target, signal)));
  expect(again.equals(bytes), "the digest is the content's, not the file's").toBe(true);
  expect(again.subarray(-32).toString("hex")).toBe(digest);
});

const damages: [string, (bytes: Buffer) => Buffer][] = [
  ["one flipped bit", (bytes) => flip(bytes, HEAD_BYTES + OFFSET_BYTES + 1_234)],
  ["a flipped bit in the last block", (bytes) => flip(bytes, bytes.length - 50)],
  ["a flipped bit in an offset", (bytes) => flip(bytes, HEAD_BYTES + OFFSET_BYTES + BLOCK_BYTES + 5)],
  ["a flipped bit in the digest", (bytes) => flip(bytes, bytes.length - 1)],
  ["an end that is missing", (bytes) => bytes.subarray(0, -1)],
  ["half of it missing", (bytes) => bytes.subarray(0, bytes.length / 2)],
  ["nothing at all", () => Buffer.alloc(0)],
  ["another byte behind its end", (bytes) => Buffer.concat([bytes, Buffer.from("x")])],
  ["something else altogether", () => randomBytes(100_000)],
  [
    "a block left out",
    (bytes) => Buffer.concat([bytes.subarray(0, HEAD_BYTES), bytes.subarray(HEAD_BYTES + OFFSET_BYTES + BLOCK_BYTES)]),
  ],
  ["a size beyond any volume", (bytes) => flip(bytes, 9)],
];

test.each(damages)("%s is noticed", async (_, damage) => {
  await expect(write(damage(await sent()))).rejects.toMatchObject({ code: "copy_damaged" });
});

function flip(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}
