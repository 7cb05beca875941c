import { expect, test } from "vitest";
import { FrameTracker } from "./frame-tracker.ts";
import { OwnPing } from "./own-ping.ts";

const pongOf = (ping: Buffer, isMasked: boolean) => {
  const isPingMasked = ((ping[1] ?? 0) & 0x80) !== 0;
  const token = isPingMasked
    ? ping.subarray(6).map((byte, index) => byte ^ (ping[2 + (index % 4)] ?? 0))
    : ping.subarray(2);
  if (!isMasked) return Buffer.concat([Buffer.from([0x8a, 8]), token]);
  const mask = Buffer.from([1, 2, 3, 4]);
  return Buffer.concat([Buffer.from([0x8a, 0x88]), mask, token.map((byte, index) => byte ^ (mask[index % 4] ?? 0))]);
};

const before = Buffer.from([0x01, 0x02, 0x8a, 0x08]);
const after = Buffer.from([0x80, 0x01, 0x62, 0x81]);

test.each([
  ["client", true],
  ["server", false],
] as const)("the pong of a %s is taken out of its stream, however the stream is cut", (peer, isMasked) => {
  for (const size of [1, 2, 3, 7, 11, 100]) {
    const ping = new OwnPing(peer);
    const bytes = Buffer.concat([before, pongOf(ping.frame(), isMasked), after]);
    const sent = new FrameTracker();
    const passed: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      const chunk = bytes.subarray(at, at + size);
      if (ping.isAnswered()) {
        sent.push(chunk);
        passed.push(chunk);
      } else passed.push(Buffer.from(ping.takePong(chunk, sent)));
    }
    expect(Buffer.concat(passed)).toEqual(Buffer.concat([before, after]));
    expect(ping.isAnswered()).toBe(true);
    expect(sent.isBetweenFrames()).toBe(false);
  }
});

test.each([
  ["another payload", Buffer.from([0x8a, 8, 1, 2, 3, 4, 5, 6, 7, 8])],
  ["another length", Buffer.from([0x8a, 2, 1, 2])],
  ["no payload", Buffer.from([0x8a, 0])],
  ["a mask that servers don't use", Buffer.from([0x8a, 0x88, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8])],
])("a pong with %s is somebody else's", (_what, pong) => {
  const ping = new OwnPing("server");
  expect(ping.takePong(pong, new FrameTracker())).toEqual(pong);
  expect(ping.isAnswered()).toBe(false);
});

test("what looked like the beginning of our pong is handed back when nothing follows it", () => {
  const ping = new OwnPing("server");
  expect(ping.takePong(Buffer.from([0x81, 0, 0x8a, 8, 1]), new FrameTracker())).toEqual(Buffer.from([0x81, 0]));
  expect(ping.takeHeld()).toEqual(Buffer.from([0x8a, 8, 1]));
  expect(ping.takeHeld()).toHaveLength(0);
});
