import { expect, test, vi } from "vitest";
import { MINUTE_MS, SECOND_MS } from "@automna/core/shared/clock";
import { makeHeldConnections, type EndReason } from "./held-connections.ts";

const caller = { userId: "anna", sessionId: "sess", tokenIssuedAtS: 1 };

function setUp() {
  const counted: string[] = [];
  const held = makeHeldConnections({ now: () => 0, onCount: (userId) => void counted.push(userId) });
  const ended: EndReason[] = [];
  const entry = (kind: "http" | "websocket") => ({
    kind,
    userId: "anna",
    sessionId: "sess",
    backendId: null,
    end: (reason: EndReason) => void ended.push(reason),
  });
  return { held, counted, ended, entry };
}

test("what was being let in while everything ended is ended too", () => {
  const { held, ended, entry } = setUp();
  held.add(caller, entry("http"));
  held.endAll("draining");
  held.add(caller, entry("websocket"));
  expect(ended).toEqual(["draining", "draining"]);
  held.close();
});

test("knows its sockets, and tells of each change of what a user holds, once", () => {
  const { held, counted, entry } = setUp();
  held.add(caller, entry("http"));
  const socket = entry("websocket");
  const release = held.add(caller, socket);
  expect(held.sockets()).toEqual([socket]);
  release();
  release();
  expect(held.sockets()).toEqual([]);
  expect(counted).toEqual(["anna", "anna", "anna"]);
  held.close();
});

test("whoever holds nothing any more is not among its users", () => {
  const { held, entry } = setUp();
  const release = held.add(caller, entry("http"));
  expect(held.users()).toEqual(["anna"]);
  release();
  expect(held.users()).toEqual([]);
  expect(held.holds("anna")).toBe(false);
  held.close();
});

test("what is held next after a pause counts from its own token", () => {
  const clock = { nowMs: 0 };
  vi.useFakeTimers();
  const held = makeHeldConnections({ now: () => clock.nowMs });
  const ended: EndReason[] = [];
  const entry = {
    ...caller,
    kind: "websocket" as const,
    backendId: null,
    end: (why: EndReason) => void ended.push(why),
  };
  held.add(caller, entry)();
  clock.nowMs = 4 * MINUTE_MS;
  held.add({ ...caller, tokenIssuedAtS: 2 }, entry);
  clock.nowMs = 6 * MINUTE_MS;
  vi.advanceTimersByTime(SECOND_MS);
  expect(ended).toEqual([]);
  clock.nowMs = 9 * MINUTE_MS;
  vi.advanceTimersByTime(SECOND_MS);
  expect(ended).toEqual(["token_stale"]);
  held.close();
  vi.useRealTimers();
});
