import { expect, test } from "vitest";
import { closeFrame, FrameTracker } from "./frame-tracker.ts";

const frame = (length: number, masked: boolean) => {
  const mask = masked ? 0x80 : 0;
  const head =
    length < 126
      ? [0x82, mask | length]
      : length < 65_536
        ? [0x82, mask | 126, length >> 8, length & 255]
        : [0x82, mask | 127, 0, 0, 0, 0, length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255];
  return Buffer.concat([Buffer.from(head), Buffer.alloc((masked ? 4 : 0) + length, 0x88)]);
};

test.each([
  [0, false],
  [1, false],
  [125, true],
  [126, false],
  [65_535, true],
  [65_536, false],
  [200_000, true],
] as const)("knows where a frame of %i bytes ends (masked: %s), however it is cut", (length, masked) => {
  const bytes = Buffer.concat([frame(length, masked), frame(3, masked)]);
  for (const size of [1, 2, 7, 4_096, bytes.length]) {
    const tracker = new FrameTracker();
    const boundary = frame(length, masked).length;
    const wrongAt: number[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      tracker.push(bytes.subarray(at, at + size));
      const read = Math.min(at + size, bytes.length);
      if (tracker.isBetweenFrames() !== (read === boundary || read === bytes.length)) wrongAt.push(read);
    }
    expect(wrongAt).toEqual([]);
  }
});

test("a close frame carries code and reason", () => {
  expect([...closeFrame(4401, "no")]).toEqual([0x88, 4, 0x11, 0x31, 0x6e, 0x6f]);
});
