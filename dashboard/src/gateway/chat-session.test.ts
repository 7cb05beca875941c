import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { makeChatSession } from "./chat-session.ts";
import { makeConnection } from "./connection.ts";
import { FakeSocket } from "./fake-socket.ts";
import { makeOutbox } from "./outbox.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function makeStorage(): Pick<Storage, "getItem" | "setItem" | "removeItem"> {
  const items = new Map<string, string>();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  };
}

function open(storage = makeStorage()) {
  const sockets: FakeSocket[] = [];
  const abortRun = vi.fn(() => Promise.resolve());
  let ids = 0;
  const session = makeChatSession({
    connect: (handlers) =>
      makeConnection({
        ...handlers,
        openSocket: () => {
          sockets.push(new FakeSocket());
          return sockets.at(-1) ?? new FakeSocket();
        },
        refreshSession: () => Promise.resolve(true),
        now: Date.now,
        random: () => 0,
        locale: "en",
      }),
    abortRun,
    outbox: makeOutbox(storage, "user_1"),
    now: Date.now,
    newId: () => `run-${(ids += 1)}`,
  });
  const socket = (): FakeSocket => sockets.at(-1) ?? new FakeSocket();
  async function comeOnline(history: object = { messages: [] }): Promise<void> {
    session.setReachable(true);
    socket().greet();
    await settle();
    socket().answer("chat.history", history);
    await settle();
  }
  const keys = () => sockets.flatMap((one) => one.requests("chat.send").map((frame) => frame.params["idempotencyKey"]));
  return { session, sockets, socket, comeOnline, keys, abortRun, storage };
}

const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const message = (text: string) => ({ content: [{ type: "text", text }] });

test("sends what was written while the agent woke, once, when it is up", async () => {
  const chat = open();
  chat.session.send("Good morning");
  expect(chat.session.getSnapshot().chat.messages).toMatchObject([{ text: "Good morning", delivery: "queued" }]);
  await chat.comeOnline();
  expect(chat.keys()).toEqual(["run-1"]);
  chat.socket().answer("chat.send", { runId: "run-1", status: "started" });
  await settle();
  chat
    .socket()
    .event("chat", { runId: "run-1", sessionKey: "agent:main:main", state: "final", message: message("Hi") });
  await settle(5_000);
  expect(chat.keys()).toEqual(["run-1"]);
  expect(chat.session.getSnapshot().chat.messages).toMatchObject([
    { delivery: "sent" },
    { text: "Hi", status: "done" },
  ]);
  chat.session.close();
});

test("repeats a message with its own key when the line was cut before the acknowledgement", async () => {
  const chat = open();
  await chat.comeOnline();
  chat.session.send("Hello");
  chat.socket().end();
  await settle(1_000);
  await chat.comeOnline();
  expect(chat.keys()).toEqual(["run-1", "run-1"]);
  chat.socket().answer("chat.send", { runId: "run-1", status: "in_flight" });
  await settle();
  expect(chat.session.getSnapshot().chat.messages).toHaveLength(2);
  chat.session.close();
});

test("does not repeat a message that the history holds already", async () => {
  const chat = open();
  await chat.comeOnline();
  chat.session.send("Hello");
  chat.socket().end();
  await settle(1_000);
  const rows = [
    { role: "user", content: "Hello", idempotencyKey: "run-1:user" },
    { role: "assistant", content: "Hi", __openclaw: { runId: "run-1", id: "a" } },
  ];
  await chat.comeOnline({ messages: rows });
  expect(chat.keys()).toEqual(["run-1"]);
  expect(chat.session.getSnapshot().chat.messages.map((one) => one.text)).toEqual(["Hello", "Hi"]);
  chat.session.close();
});

test("keeps unsent messages over a reload of the page", async () => {
  const before = open();
  before.session.send("Still here?");
  before.session.close();
  const after = open(before.storage);
  expect(after.session.getSnapshot().chat.messages).toMatchObject([{ text: "Still here?", delivery: "queued" }]);
  await after.comeOnline();
  expect(after.keys()).toEqual(["run-1"]);
  after.socket().answer("chat.send", { runId: "run-1", status: "started" });
  await settle();
  after.session.close();
  expect(open(before.storage).session.getSnapshot().chat.messages).toEqual([]);
});

test("tries a message again after the pause that the gateway asks for", async () => {
  const chat = open();
  await chat.comeOnline();
  chat.session.send("Hello");
  chat.socket().refuse("chat.send", { code: "UNAVAILABLE", message: "busy", retryAfterMs: 700 });
  await settle(600);
  expect(chat.keys()).toEqual(["run-1"]);
  await settle(200);
  expect(chat.keys()).toEqual(["run-1", "run-1"]);
  chat.session.close();
});

test("shows a refusal and keeps the text for another try", async () => {
  const chat = open();
  await chat.comeOnline();
  chat.session.send("Hello");
  chat.socket().refuse("chat.send", { code: "INVALID_REQUEST", message: "no" });
  await settle(10_000);
  expect(chat.keys()).toEqual(["run-1"]);
  expect(chat.session.getSnapshot().chat.messages).toMatchObject([{ text: "Hello", delivery: "failed" }]);
  chat.session.retry("run-1");
  expect(chat.keys()).toEqual(["run-1", "run-1"]);
  chat.session.close();
});

test("stops a run through the gateway, and through agentd when another socket started it", async () => {
  const chat = open();
  await chat.comeOnline({
    messages: [],
    inFlightRun: { runId: "r9", text: "On it" },
    sessionInfo: { activeRunIds: ["r9"] },
  });
  const stopping = chat.session.stop();
  chat.socket().refuse("chat.abort", { code: "INVALID_REQUEST", message: "unauthorized" });
  await stopping;
  expect(chat.abortRun).toHaveBeenCalledWith("r9");
  chat.session.close();
});

test("looks a silent run up, so that a missed end does not last", async () => {
  const chat = open();
  await chat.comeOnline({ messages: [], inFlightRun: { runId: "r9", text: "On it" } });
  await settle(46_000);
  expect(chat.socket().requests("chat.history")).toHaveLength(2);
  chat.session.close();
});

test("ignores what belongs to other sessions", async () => {
  const chat = open();
  await chat.comeOnline();
  chat
    .socket()
    .event("chat", { runId: "x", sessionKey: "agent:main:discord:1", state: "delta", message: message("psst") });
  expect(chat.session.getSnapshot().chat.messages).toEqual([]);
  chat.session.close();
});
