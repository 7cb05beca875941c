import { answerId, type AgentMessage, type ChatMessage, type ToolCall } from "./chat-message.ts";
import { toRowProblem } from "./problem.ts";
import { toText, type HistoryRow } from "./protocol.ts";

const USER_KEY_SUFFIX = ":user";

/** The gateway's transcript rows as messages: all rows of one run (text, tool calls, results) are one answer. */
export function toMessages(rows: readonly HistoryRow[]): ChatMessage[] {
  const messages: ChatMessage[] = [];
  const seen = new Map<string, number>();
  for (const [index, row] of rows.entries()) {
    // The gateway's notes to its own agent, such as "your previous turn was interrupted".
    if (row.provenance?.kind === "internal_system") continue;
    if (row.role === "user") messages.push(toUserMessage(row, index));
    else if (row.role === "assistant") addAnswerRow(messages, row, index, seen);
    else if (row.role === "toolResult") addToolResult(messages, row);
  }
  return messages;
}

function toUserMessage(row: HistoryRow, index: number): ChatMessage {
  const key = row.idempotencyKey;
  const id = key?.endsWith(USER_KEY_SUFFIX) ? key.slice(0, -USER_KEY_SUFFIX.length) : rowId(row, index);
  return { role: "user", id, text: toText(row.content), atMs: row.timestamp ?? 0, delivery: "sent", problem: null };
}

function addAnswerRow(messages: ChatMessage[], row: HistoryRow, index: number, seen: Map<string, number>): void {
  const runId = row.__openclaw?.runId ?? row.openclawAbort?.runId ?? null;
  const last = messages.at(-1);
  const extended = last?.role === "assistant" && last.runId === runId ? last : null;
  const base = extended ?? makeRowAnswer(row, index, runId, seen);
  const text = toText(row.content);
  const joined = base.text !== "" && text !== "" ? `${base.text}\n\n${text}` : base.text + text;
  const failed = row.stopReason === "error";
  const answer: AgentMessage = {
    ...base,
    text: joined,
    tools: [...base.tools, ...toToolCalls(row, joined.length)],
    status: row.openclawAbort?.aborted === true ? "stopped" : failed ? "failed" : "done",
    problem: failed ? toRowProblem(row.errorType) : null,
  };
  if (extended !== null) messages[messages.length - 1] = answer;
  else messages.push(answer);
}

function makeRowAnswer(row: HistoryRow, index: number, runId: string | null, seen: Map<string, number>): AgentMessage {
  // A run that another message was steered into has its rows apart: only the first part keeps the plain id.
  const part = runId === null ? 0 : (seen.get(runId) ?? 0);
  if (runId !== null) seen.set(runId, part + 1);
  const id = runId === null ? rowId(row, index) : part === 0 ? answerId(runId) : `${answerId(runId)}:${part}`;
  return {
    role: "assistant",
    id,
    runId,
    text: "",
    atMs: row.timestamp ?? 0,
    status: "done",
    phase: null,
    tools: [],
    problem: null,
  };
}

function toToolCalls(row: HistoryRow, offset: number): ToolCall[] {
  if (row.content === undefined || typeof row.content === "string") return [];
  return row.content.flatMap((block) => {
    const { type, id, name } = block;
    if ((type !== "toolCall" && type !== "tool_use") || typeof id !== "string" || typeof name !== "string") return [];
    return [{ id, name, args: block["arguments"] ?? block["input"], result: null, state: "done" as const, offset }];
  });
}

function addToolResult(messages: ChatMessage[], row: HistoryRow): void {
  const index = messages.findLastIndex(
    (message) => message.role === "assistant" && message.tools.some((tool) => tool.id === row.toolCallId),
  );
  const answer = messages[index];
  if (answer?.role !== "assistant") return;
  const tools = answer.tools.map((tool) =>
    tool.id === row.toolCallId
      ? { ...tool, result: toText(row.content), state: row.isError === true ? ("failed" as const) : ("done" as const) }
      : tool,
  );
  messages[index] = { ...answer, tools };
}

function rowId(row: HistoryRow, index: number): string {
  return row.__openclaw?.id ?? `row-${row.timestamp ?? 0}-${index}`;
}
