import { makeSilentLog } from "@automna/service-kit/log";
import { expect, test } from "vitest";
import { makeHandListener } from "../../test/ingress-harness.ts";
import { makeSeenSessions, type TellSessionSeen } from "./seen-sessions.ts";

const caller = (tokenIssuedAtS: number) => ({ userId: "user", sessionId: "sess", tokenIssuedAtS });

function setUp(tell?: TellSessionSeen) {
  const told: number[] = [];
  const refreshed: number[] = [];
  const listener = makeHandListener();
  const sessions = makeSeenSessions({
    tell: tell ?? (async ({ tokenIssuedAtS }) => void told.push(tokenIssuedAtS)),
    listener,
    held: { refresh: ({ tokenIssuedAtS }) => void refreshed.push(tokenIssuedAtS) },
    log: makeSilentLog(),
  });
  return { sessions, listener, told, refreshed };
}

test("each newer token is told once, an older one never, nor what is hardly newer", () => {
  const { sessions, told, refreshed } = setUp();
  const seen = [100, 100, 200, 150, 200, 259.9, 260.5];
  for (const iat of seen) sessions.seen(caller(iat));
  expect(told).toEqual([100, 200, 260]);
  expect(refreshed).toEqual(seen);
});

test("what another process saw keeps the sockets held here, and is not told again", () => {
  const { sessions, listener, told, refreshed } = setUp();
  listener.emit("session_seen", { sessionId: "sess", userId: "user", tokenIssuedAtS: 40 });
  expect(refreshed).toEqual([40]);
  sessions.seen(caller(40));
  expect(told).toEqual([]);
  sessions.close();
  listener.emit("session_seen", { sessionId: "sess", userId: "user", tokenIssuedAtS: 50 });
  expect(refreshed).toEqual([40, 40]);
});

test("a token that could not be told of is told with the next request", async () => {
  let tries = 0;
  const { sessions } = setUp(async () => {
    tries += 1;
    if (tries === 1) throw new Error("connection refused");
  });
  sessions.seen(caller(10));
  await new Promise((resolve) => setImmediate(resolve));
  sessions.seen(caller(10));
  sessions.seen(caller(10));
  expect(tries).toBe(2);
});
