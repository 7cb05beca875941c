import { unreachable } from "@automna/core/shared/unreachable";
import { isLive, isOpen, makeAnswer, type AgentMessage, type ChatMessage, type UserMessage } from "./chat-message.ts";
import { mergeHistory } from "./merge-history.ts";
import { toRunProblem, type Problem } from "./problem.ts";
import { toText, type ChatEvent, type HistoryAnswer, type ToolEvent } from "./protocol.ts";

/** The chat as far as this browser knows it. Pure: chat-session.ts does what it says. */
export interface ChatState {
  messages: readonly ChatMessage[];
  /** False until the first history arrived: an empty list means nothing before. */
  loaded: boolean;
  /** A run was seen that this browser did not start: its question is only in the history. */
  stale: boolean;
}

export const emptyChat: ChatState = { messages: [], loaded: false, stale: false };

export type ChatAction =
  | { type: "typed"; id: string; text: string; atMs: number }
  | { type: "restored"; messages: readonly UserMessage[] }
  | { type: "sending"; id: string }
  | { type: "accepted"; id: string; atMs: number; done: boolean }
  | { type: "postponed"; id: string }
  | { type: "refused"; id: string; problem: Problem }
  | { type: "retried"; id: string; newId: string; atMs: number }
  | { type: "discarded"; id: string }
  | { type: "disconnected" }
  | { type: "history"; answer: HistoryAnswer; atMs: number }
  | { type: "chat"; event: ChatEvent; atMs: number }
  | { type: "tool"; event: ToolEvent; atMs: number };

export function reduceChat(state: ChatState, action: ChatAction): ChatState {
  switch (action.type) {
    case "typed":
      return append(state, toQueued(action.id, action.text, action.atMs));
    case "restored":
      return { ...state, messages: [...state.messages, ...action.messages.filter((one) => !find(state, one.id))] };
    case "sending":
      return patchUser(state, action.id, { delivery: "sending", problem: null });
    case "accepted":
      return accept(state, action);
    case "postponed":
      return patchUser(state, action.id, { delivery: "queued" });
    case "refused":
      return patchUser(state, action.id, { delivery: "failed", problem: action.problem });
    case "retried":
      return retry(state, action);
    case "discarded":
      return { ...state, messages: state.messages.filter((message) => message.id !== action.id) };
    case "disconnected":
      return { ...state, messages: state.messages.map(backToQueue) };
    case "history":
      return { messages: mergeHistory(state.messages, action.answer, action.atMs), loaded: true, stale: false };
    case "chat":
      return applyChatEvent(state, action.event, action.atMs);
    case "tool":
      return applyToolEvent(state, action.event, action.atMs);
    default:
      return unreachable(action);
  }
}

/** The run that is answering now, or null. */
export function activeRunId(state: ChatState): string | null {
  return state.messages.findLast(isLive)?.runId ?? null;
}

/** The next message to send: one at a time, since a second one would be steered into the run that answers. */
export function nextToSend(state: ChatState): UserMessage | null {
  const busy = state.messages.some(
    (message) => isLive(message) || (message.role === "user" && message.delivery === "sending"),
  );
  if (busy || !state.loaded) return null;
  return (
    state.messages.find(
      (message): message is UserMessage => message.role === "user" && message.delivery === "queued",
    ) ?? null
  );
}

/** What must survive a reload: messages that the gateway does not have yet. */
export function unsent(state: ChatState): UserMessage[] {
  return state.messages.filter(
    (message): message is UserMessage => message.role === "user" && message.delivery !== "sent",
  );
}

function toQueued(id: string, text: string, atMs: number): UserMessage {
  return { role: "user", id, text, atMs, delivery: "queued", problem: null };
}

function append(state: ChatState, message: ChatMessage): ChatState {
  return find(state, message.id) ? state : { ...state, messages: [...state.messages, message] };
}

function find(state: ChatState, id: string): ChatMessage | undefined {
  return state.messages.find((message) => message.id === id);
}

function patchUser(state: ChatState, id: string, patch: Partial<UserMessage>): ChatState {
  const messages = state.messages.map((one) => (one.role === "user" && one.id === id ? { ...one, ...patch } : one));
  return { ...state, messages };
}

function accept(state: ChatState, action: { id: string; atMs: number; done: boolean }): ChatState {
  const next = patchUser(state, action.id, { delivery: "sent" });
  // A run that the gateway has finished already is read from the history.
  if (action.done) return { ...next, stale: true };
  return upsertAnswer(next, action.id, action.atMs, (answer) => answer);
}

function retry(state: ChatState, action: { id: string; newId: string; atMs: number }): ChatState {
  const message = find(state, action.id);
  if (message?.role !== "user") return state;
  // Never accepted: the same key again, so that it can't be sent twice. Accepted once: a new question.
  if (message.delivery !== "sent") return patchUser(state, action.id, { delivery: "queued", problem: null });
  return append(state, toQueued(action.newId, message.text, action.atMs));
}

function backToQueue(message: ChatMessage): ChatMessage {
  return message.role === "user" && message.delivery === "sending" ? { ...message, delivery: "queued" } : message;
}

/** Changes the answer of a run, making it behind its question when it is new. */
function upsertAnswer(
  state: ChatState,
  runId: string,
  atMs: number,
  change: (answer: AgentMessage) => AgentMessage,
): ChatState {
  const at = state.messages.findLastIndex((message) => message.role === "assistant" && message.runId === runId);
  const existing = state.messages[at];
  if (existing?.role === "assistant") return { ...state, messages: state.messages.with(at, change(existing)) };
  const question = state.messages.findIndex((message) => message.role === "user" && message.id === runId);
  const position = question === -1 ? state.messages.length : question + 1;
  const messages = state.messages.toSpliced(position, 0, change(makeAnswer(runId, atMs)));
  return { ...state, messages, stale: state.stale || question === -1 };
}

function applyChatEvent(state: ChatState, event: ChatEvent, atMs: number): ChatState {
  const text = toText(event.message?.content);
  const known = state.messages.findLast((one) => one.role === "assistant" && one.runId === event.runId);
  // A question that was steered into another run ends at once and without words: it has no answer of its own.
  if (event.state === "final" && text === "" && (known === undefined || !hasContent(known))) {
    return { ...state, messages: state.messages.filter((one) => one !== known), stale: true };
  }
  const next = upsertAnswer(state, event.runId, atMs, (answer) => withChatEvent(answer, event, text));
  // The gateway has what it answers: a lost acknowledgement does not matter any more.
  return patchUser(next, event.runId, { delivery: "sent", problem: null });
}

function hasContent(message: ChatMessage): boolean {
  return message.role === "assistant" && (message.text !== "" || message.tools.length > 0);
}

function withChatEvent(answer: AgentMessage, event: ChatEvent, text: string): AgentMessage {
  switch (event.state) {
    case "status":
      return isOpen(answer) ? { ...answer, phase: event.phase ?? answer.phase } : answer;
    case "delta":
      // Late or repeated: the end has been seen. Only an answer that was given up as lost may come back to life.
      if (!isOpen(answer) && answer.status !== "interrupted") return answer;
      return {
        ...answer,
        status: "streaming",
        problem: null,
        text: event.message === undefined ? answer.text + (event.deltaText ?? "") : text,
      };
    case "final":
      return {
        ...answer,
        status: "done",
        phase: null,
        problem: null,
        text: longerOf(answer.text, text),
        tools: settle(answer),
      };
    case "aborted":
      return { ...answer, status: "stopped", phase: null, text: longerOf(answer.text, text), tools: settle(answer) };
    case "error":
      return {
        ...answer,
        status: "failed",
        phase: null,
        // The gateway reports a failure twice, the second time without its details.
        problem:
          event.errorDetail === undefined
            ? (answer.problem ?? toRunProblem(undefined))
            : toRunProblem(event.errorDetail),
        tools: settle(answer),
      };
    default:
      return unreachable(event.state);
  }
}

/** A final may carry only the last part of an answer with tool calls; what was streamed stays then. */
function longerOf(streamed: string, final: string): string {
  return final === "" || (streamed.length > final.length && streamed.trimEnd().endsWith(final.trim()))
    ? streamed
    : final;
}

function settle(answer: AgentMessage): AgentMessage["tools"] {
  return answer.tools.map((tool) => (tool.state === "running" ? { ...tool, state: "done" } : tool));
}

function applyToolEvent(state: ChatState, { runId, data }: ToolEvent, atMs: number): ChatState {
  return upsertAnswer(state, runId, atMs, (answer) => {
    if (!isOpen(answer)) return answer;
    const at = answer.tools.findIndex((tool) => tool.id === data.toolCallId);
    const started = answer.tools[at] ?? {
      id: data.toolCallId,
      name: data.name,
      args: data.args,
      result: null,
      state: "running" as const,
      offset: answer.text.length,
    };
    const tool =
      data.phase === "result"
        ? {
            ...started,
            result: toResultText(data.result),
            state: data.isError === true ? ("failed" as const) : ("done" as const),
          }
        : started;
    return { ...answer, tools: at === -1 ? [...answer.tools, tool] : answer.tools.with(at, tool) };
  });
}

function toResultText(result: unknown): string {
  if (typeof result === "string") return result;
  if (result === undefined || result === null) return "";
  if (typeof result === "object" && "content" in result && Array.isArray(result.content)) return toText(result.content);
  return JSON.stringify(result, null, 2);
}
