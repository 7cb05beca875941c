import type { Problem } from "./problem.ts";

/** queued: waits for the agent. sending: on its way. sent: the gateway has it. failed: refused. */
export type Delivery = "queued" | "sending" | "sent" | "failed";

export interface UserMessage {
  role: "user";
  /** The idempotency key it was sent with, which is the id of its run too. */
  id: string;
  text: string;
  atMs: number;
  delivery: Delivery;
  problem: Problem | null;
}

export interface ToolCall {
  id: string;
  name: string;
  args: unknown;
  result: string | null;
  state: "running" | "done" | "failed";
  /** How much of the message's text was there when the call began. */
  offset: number;
}

/** interrupted: it broke off with its gateway and nobody goes on with it. */
export type AnswerStatus = "thinking" | "streaming" | "done" | "stopped" | "failed" | "interrupted";

export interface AgentMessage {
  role: "assistant";
  id: string;
  runId: string | null;
  text: string;
  atMs: number;
  status: AnswerStatus;
  /** The gateway's word for what it prepares, while thinking. */
  phase: string | null;
  tools: readonly ToolCall[];
  problem: Problem | null;
}

export type ChatMessage = UserMessage | AgentMessage;

/** True while more of an answer may come. */
export function isOpen(answer: AgentMessage): boolean {
  return answer.status === "thinking" || answer.status === "streaming";
}

export function isLive(message: ChatMessage): message is AgentMessage {
  return message.role === "assistant" && isOpen(message);
}

export function makeAnswer(runId: string, atMs: number): AgentMessage {
  const id = answerId(runId);
  return { role: "assistant", id, runId, text: "", atMs, status: "thinking", phase: null, tools: [], problem: null };
}

/** Same id while streaming and in the history, so that nothing on screen is made anew. */
export function answerId(runId: string): string {
  return `${runId}:answer`;
}

export type AnswerPart = { type: "text"; text: string } | { type: "tool"; tool: ToolCall };

/** Text and tool calls in the order in which they happened. */
export function toParts(message: Pick<AgentMessage, "text" | "tools">): AnswerPart[] {
  const parts: AnswerPart[] = [];
  let from = 0;
  const addText = (to: number): void => {
    const text = message.text.slice(from, to).trim();
    if (text !== "") parts.push({ type: "text", text });
    from = Math.max(from, to);
  };
  for (const tool of message.tools) {
    addText(Math.min(tool.offset, message.text.length));
    parts.push({ type: "tool", tool });
  }
  addText(message.text.length);
  return parts;
}
