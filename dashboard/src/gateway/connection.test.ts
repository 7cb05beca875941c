import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ConnectionState } from "./connection-state.ts";
import { makeConnection } from "./connection.ts";
import { FakeSocket } from "./fake-socket.ts";
import { reconnectPauseMs } from "./reconnect-policy.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open(refreshSession = vi.fn(() => Promise.resolve(true))) {
  const sockets: FakeSocket[] = [];
  const states: ConnectionState["kind"][] = [];
  const events: string[] = [];
  const connection = makeConnection({
    openSocket: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    refreshSession,
    now: Date.now,
    random: () => 1,
    locale: "en",
    onState: (state) => states.push(state.kind),
    onEvent: (event) => events.push(event),
  });
  const last = (): FakeSocket => sockets.at(-1) ?? new FakeSocket();
  return { connection, sockets, states, events, last, refreshSession };
}

const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

test("waits for an agent, then greets and is online", async () => {
  const line = open();
  expect(line.sockets).toHaveLength(0);
  line.connection.setReachable(true);
  line.last().greet();
  await settle();
  expect(line.states).toEqual(["connecting", "online"]);
  line.last().event("chat");
  expect(line.events).toEqual(["chat"]);
  line.connection.close();
});

test("pairs answers with their requests and gives up on time", async () => {
  const line = open();
  line.connection.setReachable(true);
  line.last().greet();
  await settle();
  const history = line.connection.request("chat.history", {}, 1_000);
  const send = line.connection.request("chat.send", {}, 1_000).catch((error: unknown) => error);
  line.last().answer("chat.history", { messages: [] });
  await expect(history).resolves.toEqual({ messages: [] });
  await settle(1_001);
  expect(await send).toMatchObject({ code: "timeout", retryable: true });
  line.connection.close();
});

test("comes back after a cut, with longer pauses, and tells who was waiting", async () => {
  const line = open();
  line.connection.setReachable(true);
  line.last().greet();
  await settle();
  const pending = line.connection.request("chat.send", {}, 30_000).catch((error: unknown) => error);
  line.last().end(1012);
  expect(await pending).toMatchObject({ code: "disconnected" });
  await settle(reconnectPauseMs(0, 1));
  expect(line.sockets).toHaveLength(2);
  line.last().end();
  await settle(reconnectPauseMs(0, 1));
  expect(line.sockets).toHaveLength(2);
  await settle(reconnectPauseMs(1, 1));
  expect(line.sockets).toHaveLength(3);
  line.connection.close();
});

test("brings a fresh token before knocking again at a closed door, and stays away when signed out", async () => {
  const refresh = vi.fn(() => Promise.resolve(false));
  const line = open(refresh);
  line.connection.setReachable(true);
  line.last().end();
  await settle(60_000);
  expect(refresh).toHaveBeenCalledTimes(1);
  expect(line.sockets).toHaveLength(1);
  line.connection.close();
});

test("brings a fresh token when the proxy says that the old one is stale", async () => {
  const line = open();
  line.connection.setReachable(true);
  line.last().greet();
  await settle();
  line.last().end(4401);
  await settle(reconnectPauseMs(0, 1));
  expect(line.refreshSession).toHaveBeenCalledTimes(1);
  expect(line.sockets).toHaveLength(2);
  line.connection.close();
});

test("notices a dead line by its missing ticks", async () => {
  const line = open();
  line.connection.setReachable(true);
  line.last().greet();
  await settle();
  await settle(60_000);
  line.last().event("tick");
  await settle(60_000);
  expect(line.states.at(-1)).toBe("online");
  await settle(15_001);
  expect(line.states).toContain("offline");
  expect(line.sockets[0]?.closed).toBe(true);
  line.connection.close();
});

test("tries again when the gateway is still starting", async () => {
  const line = open();
  line.connection.setReachable(true);
  line.last().event("connect.challenge");
  line.last().refuse("connect", { code: "UNAVAILABLE", message: "starting", retryAfterMs: 500 });
  await settle(reconnectPauseMs(0, 1));
  expect(line.sockets).toHaveLength(2);
  line.connection.close();
});

test("stops and says why when it may not read and write", async () => {
  const line = open();
  line.connection.setReachable(true);
  line.last().greet(["operator.read"]);
  await settle(120_000);
  expect(line.states.at(-1)).toBe("refused");
  expect(line.sockets).toHaveLength(1);
});

test("knocks nowhere while the agent is down, and at once when it is back", async () => {
  const line = open();
  line.connection.setReachable(true);
  line.last().greet();
  await settle();
  line.connection.setReachable(false);
  line.last().end(1012);
  await settle(60_000);
  expect(line.states.at(-1)).toBe("waiting");
  expect(line.sockets).toHaveLength(1);
  line.connection.setReachable(true);
  expect(line.sockets).toHaveLength(2);
  line.connection.close();
});

test("pauses grow to a limit and carry jitter", () => {
  expect([0, 1, 2, 10].map((attempt) => reconnectPauseMs(attempt, 1))).toEqual([400, 800, 1_600, 15_000]);
  expect(reconnectPauseMs(2, 0)).toBe(800);
});
