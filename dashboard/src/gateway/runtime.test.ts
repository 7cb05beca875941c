import { describe, expect, test } from "vitest";
import type { ChatMessage } from "./chat-message.ts";
import { historySchema, type ChatEvent } from "./protocol.ts";
import { activeRunId, emptyChat, nextToSend, reduceChat, unsent, type ChatAction, type ChatState } from "./runtime.ts";

const loaded: ChatState = { ...emptyChat, loaded: true };

function play(state: ChatState, ...actions: ChatAction[]): ChatState {
  return actions.reduce(reduceChat, state);
}

function chat(runId: string, state: ChatEvent["state"], text?: string, rest: Partial<ChatEvent> = {}): ChatAction {
  const message = text === undefined ? {} : { message: { content: [{ type: "text", text }] } };
  return { type: "chat", atMs: 5, event: { runId, sessionKey: "agent:main:main", state, ...message, ...rest } };
}

function tool(runId: string, phase: string, result?: unknown): ChatAction {
  const data = { phase, name: "read", toolCallId: "t1", args: { path: "a.md" }, result };
  return { type: "tool", atMs: 5, event: { runId, stream: "tool", data } };
}

function history(rows: unknown[], rest: object = {}): ChatAction {
  return { type: "history", atMs: 9, answer: historySchema.parse({ messages: rows, ...rest }) };
}

const typed = (id: string, text = "hi"): ChatAction => ({ type: "typed", id, text, atMs: 1 });
const accepted = (id: string): ChatAction => ({ type: "accepted", id, atMs: 2, done: false });
const userRow = (id: string, text = "hi") => ({
  role: "user",
  content: text,
  timestamp: 1,
  idempotencyKey: `${id}:user`,
});
const agentRow = (runId: string, text: string, rest: object = {}) => ({
  role: "assistant",
  content: [{ type: "text", text }],
  timestamp: 2,
  __openclaw: { id: `row-${runId}-${text}`, runId },
  ...rest,
});

function outline(state: ChatState): string[] {
  return state.messages.map((message: ChatMessage) =>
    message.role === "user"
      ? `user ${message.text} (${message.delivery})`
      : `agent ${message.text} (${message.status})`,
  );
}

describe("streaming", () => {
  test("shows the question at once and the answer as it grows", () => {
    const state = play(
      loaded,
      typed("r1"),
      { type: "sending", id: "r1" },
      accepted("r1"),
      chat("r1", "delta", "Hel"),
      chat("r1", "delta", "Hello"),
    );
    expect(outline(state)).toEqual(["user hi (sent)", "agent Hello (streaming)"]);
    expect(activeRunId(state)).toBe("r1");
    expect(outline(play(state, chat("r1", "final", "Hello.")))).toEqual(["user hi (sent)", "agent Hello. (done)"]);
  });

  test("takes a delta's full text, so that a lost one heals", () => {
    const state = play(loaded, typed("r1"), accepted("r1"), chat("r1", "delta", "one two three"));
    expect(outline(state).at(-1)).toBe("agent one two three (streaming)");
  });

  test("appends the increment when a delta carries no text of its own", () => {
    const state = play(
      loaded,
      typed("r1"),
      accepted("r1"),
      chat("r1", "delta", undefined, { deltaText: "a" }),
      chat("r1", "delta", undefined, { deltaText: "b" }),
    );
    expect(outline(state).at(-1)).toBe("agent ab (streaming)");
  });

  test("ignores deltas that come after the end, and the end that comes twice", () => {
    const done = play(loaded, typed("r1"), accepted("r1"), chat("r1", "final", "Done"));
    expect(outline(play(done, chat("r1", "delta", "Do"), chat("r1", "final", "Done")))).toEqual(outline(done));
  });

  test("counts a message as sent when its answer comes before the acknowledgement", () => {
    const state = play(loaded, typed("r1"), { type: "sending", id: "r1" }, chat("r1", "delta", "A"));
    expect(outline(state)[0]).toBe("user hi (sent)");
    expect(unsent(state)).toEqual([]);
  });

  test("keeps the partial text of an answer that was stopped", () => {
    const state = play(
      loaded,
      typed("r1"),
      accepted("r1"),
      chat("r1", "delta", "Half an"),
      chat("r1", "aborted", "Half an ans"),
    );
    expect(outline(state).at(-1)).toBe("agent Half an ans (stopped)");
    expect(activeRunId(state)).toBeNull();
  });

  test("says in the product's words why a run failed", () => {
    const state = play(
      loaded,
      typed("r1"),
      accepted("r1"),
      chat("r1", "error", undefined, { errorDetail: { httpStatus: 401, failoverReason: "auth" } }),
    );
    expect(state.messages.at(-1)).toMatchObject({
      status: "failed",
      problem: { message: "API key invalid. Please check and try again.", remedy: "key" },
    });
  });

  test("a failed run's second report, which has no details, does not turn its reason into another", () => {
    const state = play(
      loaded,
      typed("r1"),
      accepted("r1"),
      chat("r1", "error", undefined, { errorDetail: { httpStatus: 401, failoverReason: "auth" } }),
      chat("r1", "error"),
    );
    expect(state.messages.at(-1)).toMatchObject({ status: "failed", problem: { remedy: "key" } });
  });

  test("does not take the wordless end of a steered message for an answer", () => {
    const state = play(loaded, typed("r2", "more"), accepted("r2"), chat("r2", "final"));
    expect(outline(state)).toEqual(["user more (sent)"]);
    expect(state.stale).toBe(true);
  });

  test("asks for the history when a run of another tab appears", () => {
    expect(play(loaded, chat("other", "delta", "Hi")).stale).toBe(true);
  });
});

describe("tool calls", () => {
  test("keep their place in the text and their result", () => {
    const state = play(
      loaded,
      typed("r1"),
      accepted("r1"),
      chat("r1", "delta", "Look: "),
      tool("r1", "start"),
      tool("r1", "result", { content: [{ type: "text", text: "# A" }] }),
      chat("r1", "final", "Look: found it."),
    );
    expect(state.messages.at(-1)).toMatchObject({
      text: "Look: found it.",
      tools: [{ id: "t1", name: "read", offset: 6, state: "done", result: "# A" }],
    });
  });

  test("keeps what was streamed when the final holds only the last part", () => {
    const state = play(
      loaded,
      typed("r1"),
      accepted("r1"),
      chat("r1", "delta", "First.\n\nSecond."),
      chat("r1", "final", "Second."),
    );
    expect(outline(state).at(-1)).toBe("agent First.\n\nSecond. (done)");
  });
});

describe("the queue", () => {
  test("sends one message at a time, and none before the history is there", () => {
    const state = play(emptyChat, typed("r1", "one"), typed("r2", "two"));
    expect(nextToSend(state)).toBeNull();
    const ready = play(state, history([]));
    expect(nextToSend(ready)?.id).toBe("r1");
    const busy = play(ready, { type: "sending", id: "r1" }, accepted("r1"));
    expect(nextToSend(busy)).toBeNull();
    expect(nextToSend(play(busy, chat("r1", "final", "ok")))?.id).toBe("r2");
  });

  test("puts a message that was on its way back when the line is cut, with its key", () => {
    const state = play(loaded, typed("r1"), { type: "sending", id: "r1" }, { type: "disconnected" });
    expect(nextToSend(state)?.id).toBe("r1");
    expect(unsent(state).map((message) => message.id)).toEqual(["r1"]);
  });

  test("retries a refused message with its old key, an answered one as a new question", () => {
    const problem = { message: "no", remedy: "retry" } as const;
    const refused = play(
      loaded,
      typed("r1"),
      { type: "refused", id: "r1", problem },
      { type: "retried", id: "r1", newId: "r9", atMs: 3 },
    );
    expect(unsent(refused).map((message) => message.id)).toEqual(["r1"]);
    const failed = play(loaded, typed("r1"), accepted("r1"), chat("r1", "error"), {
      type: "retried",
      id: "r1",
      newId: "r9",
      atMs: 3,
    });
    expect(unsent(failed)).toMatchObject([{ id: "r9", text: "hi" }]);
  });

  test("adds a restored message only once", () => {
    const first = play(loaded, typed("r1"));
    expect(play(first, { type: "restored", messages: unsent(first) }).messages).toHaveLength(1);
  });
});

describe("history after a reconnect", () => {
  test("replaces what was streamed here by the gateway's rows, without doubles", () => {
    const state = play(
      loaded,
      typed("r1"),
      accepted("r1"),
      chat("r1", "delta", "Hel"),
      { type: "disconnected" },
      history([userRow("r1"), agentRow("r1", "Hello.")]),
    );
    expect(outline(state)).toEqual(["user hi (sent)", "agent Hello. (done)"]);
  });

  test("goes on with a run that is in flight and takes the longer text", () => {
    const before = play(loaded, typed("r1"), accepted("r1"), chat("r1", "delta", "Hello th"));
    const rest = {
      inFlightRun: { runId: "r1", text: "Hello there" },
      sessionInfo: { activeRunIds: ["r1"], hasActiveRun: true },
    };
    const state = play(before, history([userRow("r1")], rest));
    expect(outline(state)).toEqual(["user hi (sent)", "agent Hello there (streaming)"]);
    expect(outline(play(state, chat("r1", "delta", "Hello there, you")))).toEqual([
      "user hi (sent)",
      "agent Hello there, you (streaming)",
    ]);
  });

  test("sends an acknowledged message again when the gateway has lost it", () => {
    const state = play(loaded, typed("r1"), accepted("r1"), { type: "disconnected" }, history([]));
    expect(nextToSend(state)?.id).toBe("r1");
  });

  test("keeps waiting messages behind the history", () => {
    const state = play(emptyChat, typed("r2", "later"), history([userRow("r1"), agentRow("r1", "Hello.")]));
    expect(outline(state)).toEqual(["user hi (sent)", "agent Hello. (done)", "user later (queued)"]);
  });

  test("says that an answer broke off when nobody goes on with it", () => {
    const state = play(loaded, typed("r1"), accepted("r1"), chat("r1", "delta", "Half"), history([userRow("r1")]));
    expect(outline(state)).toEqual(["user hi (sent)", "agent Half (interrupted)"]);
    expect(outline(play(loaded, history([userRow("r1")])))).toEqual(["user hi (sent)", "agent  (interrupted)"]);
  });

  test("waits while the gateway takes a broken run up again, then shows its answer under the new run", () => {
    const resumes = { sessionInfo: { hasActiveRun: true, activeRunIds: [] } };
    const note = {
      role: "user",
      content: "[System] Your previous turn was interrupted",
      provenance: { kind: "internal_system" },
    };
    const waiting = play(
      loaded,
      typed("r1"),
      accepted("r1"),
      chat("r1", "delta", "Half"),
      history([userRow("r1")], resumes),
    );
    expect(outline(waiting)).toEqual(["user hi (sent)", "agent Half (streaming)"]);
    const resumed = play(
      waiting,
      chat("r2", "final", "All of it."),
      history([userRow("r1"), note, agentRow("r2", "All of it.")]),
    );
    expect(outline(resumed)).toEqual(["user hi (sent)", "agent Half (interrupted)", "agent All of it. (done)"]);
  });

  test("keeps the cause of a failure that the transcript does not know", () => {
    const failed = play(
      loaded,
      typed("r1"),
      accepted("r1"),
      chat("r1", "error", undefined, { errorDetail: { httpStatus: 429 } }),
    );
    const state = play(failed, history([userRow("r1"), agentRow("r1", "", { stopReason: "error" })]));
    expect(state.messages.at(-1)).toMatchObject({ status: "failed", problem: { remedy: "billing" } });
  });

  test("reads the same history twice without a change", () => {
    const rows = [userRow("r1"), agentRow("r1", "Hello.")];
    expect(play(loaded, history(rows), history(rows)).messages).toEqual(play(loaded, history(rows)).messages);
  });
});
