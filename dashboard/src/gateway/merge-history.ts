import { isLive, isOpen, makeAnswer, type AgentMessage, type ChatMessage, type UserMessage } from "./chat-message.ts";
import { toMessages } from "./history-rows.ts";
import type { HistoryAnswer } from "./protocol.ts";

/**
 * The gateway's history is the truth; this browser adds what the gateway can't know yet (messages that wait or are
 * on their way) and what it has lost (an answer that broke off with a killed gateway).
 */
export function mergeHistory(local: readonly ChatMessage[], answer: HistoryAnswer, atMs: number): ChatMessage[] {
  const rows = toMessages(answer.messages);
  const running = runningRuns(answer);
  // The gateway is taking a broken run up again and has no name for it yet: whatever was live stays so until then.
  const resumes = running.size === 0 && answer.sessionInfo?.hasActiveRun === true;
  const merged = rows.map((row) => (row.role === "assistant" ? pickAnswer(row, local, running) : row));
  for (const message of local) {
    if (isInRows(message, rows)) continue;
    const kept =
      message.role === "user"
        ? keepUser(message, running, local)
        : keepAnswer(message, resumes || running.has(message.runId ?? ""));
    if (kept !== null) insert(merged, kept);
  }
  for (const runId of running) addLiveAnswer(merged, runId, answer, atMs);
  return markUnanswered(merged, answer, running, atMs);
}

function runningRuns(answer: HistoryAnswer): Set<string> {
  const ids = new Set(answer.sessionInfo?.activeRunIds ?? []);
  if (answer.inFlightRun) ids.add(answer.inFlightRun.runId);
  return ids;
}

function isInRows(message: ChatMessage, rows: readonly ChatMessage[]): boolean {
  return rows.some((row) =>
    message.role === "user"
      ? row.role === "user" && row.id === message.id
      : row.role === "assistant" && (row.id === message.id || (message.runId !== null && row.runId === message.runId)),
  );
}

function pickAnswer(row: AgentMessage, local: readonly ChatMessage[], running: ReadonlySet<string>): AgentMessage {
  const seen = local.find((message): message is AgentMessage => message.role === "assistant" && message.id === row.id);
  if (running.has(row.runId ?? "")) {
    // While a run goes on, what was streamed here is ahead of its rows.
    return seen !== undefined && isOpen(seen) && seen.text.length >= row.text.length
      ? seen
      : { ...row, status: "streaming" };
  }
  // The event of a failure knows its cause better than the transcript does.
  return row.status === "failed" && seen?.problem ? { ...row, problem: seen.problem } : row;
}

function keepUser(message: UserMessage, running: ReadonlySet<string>, local: readonly ChatMessage[]): UserMessage {
  if (message.delivery !== "sent" || running.has(message.id)) return message;
  const answered = local.some((one) => one.role === "assistant" && one.runId === message.id && !isLive(one));
  // The gateway acknowledged it and was killed before it wrote it down: the same key again sends it once.
  return answered ? message : { ...message, delivery: "queued" };
}

function keepAnswer(message: AgentMessage, isRunning: boolean): AgentMessage | null {
  if (!isOpen(message) && message.status !== "interrupted") return message;
  if (isRunning) return message;
  if (message.text === "" && message.tools.length === 0) return null;
  return { ...message, status: "interrupted", phase: null };
}

function insert(messages: ChatMessage[], message: ChatMessage): void {
  const question =
    message.role === "assistant" ? messages.findIndex((one) => one.role === "user" && one.id === message.runId) : -1;
  if (question === -1) messages.push(message);
  else messages.splice(question + 1, 0, message);
}

function addLiveAnswer(messages: ChatMessage[], runId: string, answer: HistoryAnswer, atMs: number): void {
  const at = messages.findLastIndex((one) => one.role === "assistant" && one.runId === runId);
  const existing = messages[at];
  const text = answer.inFlightRun?.runId === runId ? answer.inFlightRun.text : "";
  const base = existing?.role === "assistant" ? existing : makeAnswer(runId, atMs);
  const longer = text.length > base.text.length ? text : base.text;
  const live: AgentMessage = { ...base, text: longer, status: longer === "" ? "thinking" : "streaming", problem: null };
  if (at === -1) insert(messages, live);
  else messages[at] = live;
}

/** A question that nobody answers any more gets a line that says so, instead of silence. */
function markUnanswered(
  messages: ChatMessage[],
  answer: HistoryAnswer,
  running: ReadonlySet<string>,
  atMs: number,
): ChatMessage[] {
  const busy =
    running.size > 0 || answer.sessionInfo?.hasActiveRun === true || (answer.pendingInputs?.items.length ?? 0) > 0;
  const last = messages.findLast((message) => message.role === "assistant" || message.delivery === "sent");
  if (busy || last?.role !== "user") return messages;
  const lost: AgentMessage = { ...makeAnswer(last.id, atMs), status: "interrupted" };
  return messages.toSpliced(messages.indexOf(last) + 1, 0, lost);
}
