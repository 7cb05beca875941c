import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { PeerEnvelope } from "../workers/relay.ts";
import { makeRateLimit } from "./limits-rate.ts";
import { makeSharedUsage, type UsageMessage } from "./shared-usage.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** One worker, and what its peers say and hear. */
function setUp() {
  const sent: UsageMessage[] = [];
  const world = { http: 0, websocket: 0, nowMs: 0 };
  let say: (envelope: PeerEnvelope<UsageMessage>) => void = () => undefined;
  const rateLimit = makeRateLimit({ requestsPerS: 10, requestsBurst: 20 }, () => world.nowMs);
  const usage = makeSharedUsage({
    peers: { send: (message) => void sent.push(message), on: (handle) => void (say = handle) },
    held: { count: (_userId, kind) => world[kind], users: () => ["anna"] },
    rateLimit,
  });
  const hear = (from: number, users: UsageMessage["users"]) =>
    say({ type: "peer", from, event: "said", message: { users } });
  const tell = (from: number, event: "joined" | "gone") => say({ type: "peer", from, event, message: null });
  return { sent, world, usage, rateLimit, hear, tell };
}

test("tells a while's requests together, with what is held now, and nothing while nothing happens", () => {
  const { sent, world, usage } = setUp();
  usage.touched("anna", 1);
  usage.touched("anna", 1);
  world.websocket = 3;
  usage.touched("anna", 0);
  vi.advanceTimersByTime(500);
  expect(sent).toEqual([{ users: [["anna", 2, 0, 3]] }]);
  usage.close();
});

test("adds up what the others hold, and forgets a worker that is gone", () => {
  const { usage, hear, tell } = setUp();
  hear(2, [["anna", 0, 1, 5]]);
  hear(3, [["anna", 0, 0, 2]]);
  expect([usage.elsewhere("anna", "websocket"), usage.elsewhere("anna", "http")]).toEqual([7, 1]);
  hear(2, [["anna", 0, 0, 4]]);
  expect(usage.elsewhere("anna", "websocket")).toBe(6);
  tell(3, "gone");
  expect(usage.elsewhere("anna", "websocket")).toBe(4);
  hear(2, [["anna", 0, 0, 0]]);
  expect(usage.elsewhere("anna", "websocket")).toBe(0);
  usage.close();
});

test("a worker that joins is told what is held here", () => {
  const { sent, world, usage, tell } = setUp();
  world.websocket = 2;
  tell(4, "joined");
  vi.advanceTimersByTime(100);
  expect(sent).toEqual([{ users: [["anna", 0, 0, 2]] }]);
  usage.close();
});

test("requests that others let in count for the rate, and lock nobody out for longer than their own could", () => {
  const { world, rateLimit, usage, hear } = setUp();
  hear(2, [["anna", 20, 0, 0]]);
  expect(() => rateLimit("anna")).toThrow(expect.objectContaining({ code: "too_many_requests" }));
  expect(() => rateLimit("bert")).not.toThrow();
  hear(2, [["anna", 10_000, 0, 0]]);
  world.nowMs = 150;
  expect(() => rateLimit("anna")).not.toThrow();
  usage.close();
});
