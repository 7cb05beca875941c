import { expect, test } from "vitest";
import { toParts } from "./chat-message.ts";
import { toMessages } from "./history-rows.ts";
import { historySchema } from "./protocol.ts";

const parse = (messages: unknown[]) => toMessages(historySchema.parse({ messages }).messages);
const meta = (runId: string, id: string) => ({ __openclaw: { id, runId } });

test("joins the rows of one run into one answer with its tool calls in place", () => {
  const [question, answer, ...more] = parse([
    { role: "user", content: "Read it", idempotencyKey: "r1:user", timestamp: 1 },
    {
      role: "assistant",
      content: [
        { type: "text", text: "I look." },
        { type: "toolCall", id: "t1", name: "read", arguments: { path: "a" } },
      ],
      ...meta("r1", "a"),
    },
    {
      role: "toolResult",
      toolCallId: "t1",
      toolName: "read",
      content: [{ type: "text", text: "body" }],
      isError: true,
    },
    { role: "assistant", content: [{ type: "text", text: "Done." }], stopReason: "stop", ...meta("r1", "b") },
  ]);
  expect(question).toMatchObject({ role: "user", id: "r1", text: "Read it", delivery: "sent" });
  expect(more).toEqual([]);
  if (answer?.role !== "assistant") throw new Error("no answer");
  expect(toParts(answer)).toMatchObject([
    { type: "text", text: "I look." },
    { type: "tool", tool: { name: "read", args: { path: "a" }, result: "body", state: "failed" } },
    { type: "text", text: "Done." },
  ]);
});

test("marks a stopped and a failed answer", () => {
  const rows = parse([
    { role: "assistant", content: "Par", openclawAbort: { aborted: true, runId: "r1" }, __openclaw: { id: "a" } },
    { role: "assistant", content: [], stopReason: "error", errorType: "authentication_error", ...meta("r2", "b") },
  ]);
  expect(rows).toMatchObject([
    { status: "stopped", runId: "r1", text: "Par" },
    { status: "failed", problem: { remedy: "key" } },
  ]);
});

test("gives a run that another message interrupted two answers with different ids", () => {
  const ids = parse([
    { role: "assistant", content: "a", ...meta("r1", "a") },
    { role: "user", content: "and?", idempotencyKey: "r2:user" },
    { role: "assistant", content: "b", ...meta("r1", "b") },
  ]).map((message) => message.id);
  expect(new Set(ids).size).toBe(3);
});

test("leaves out the gateway's own notes and rows that it does not know", () => {
  const rows = parse([
    { role: "user", content: "[System] …", provenance: { kind: "internal_system" } },
    { role: "system", content: "x" },
    "not a row",
    null,
  ]);
  expect(rows).toEqual([]);
});
