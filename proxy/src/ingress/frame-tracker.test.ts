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

test("knows that a close has begun, and no other control frame for one", () => {
  const tracker = new FrameTracker();
  tracker.push(Buffer.from([0x89, 0x00, 0x8a, 0x00, 0x81, 0x01, 0x88]));
  expect(tracker.hasClose()).toBe(false);
  tracker.push(Buffer.from([0x88, 0x02]));
  expect([tracker.hasClose(), tracker.isBetweenFrames()]).toEqual([true, false]);
});

test("stops at the end of each frame when asked", () => {
  const tracker = new FrameTracker();
  const bytes = Buffer.concat([frame(0, true), frame(3, false), Buffer.from([0x81])]);
  expect([tracker.advance(bytes, 0), tracker.advance(bytes, 6), tracker.advance(bytes, 11)]).toEqual([6, 11, 12]);
});

test("knows that a message goes on between its frames, also around a ping", () => {
  const tracker = new FrameTracker();
  const seen = [
    [0x01, 0x00], // begins a text
    [0x89, 0x00], // a ping in between
    [0x00, 0x00], // more of it
    [0x80, 0x00], // the end
    [0x82, 0x01], // half of a whole one
    [0x07],
  ].map((bytes) => {
    tracker.push(Buffer.from(bytes));
    return tracker.isBetweenMessages();
  });
  expect(seen).toEqual([false, false, false, true, false, true]);
});
