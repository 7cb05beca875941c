import { expect, test } from "vitest";
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
