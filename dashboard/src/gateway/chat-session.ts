import type { Connection } from "./connection.ts";
import type { ConnectionDeps, ConnectionState } from "./connection-state.ts";
import { GatewayError } from "./gateway-error.ts";
import type { Outbox } from "./outbox.ts";
import { refusedProblem } from "./problem.ts";
import {
  chatEventSchema,
  historySchema,
  isMainSession,
  MAIN_SESSION_KEY,
  sendAnswerSchema,
  toolEventSchema,
} from "./protocol.ts";
import { activeRunId, emptyChat, nextToSend, reduceChat, unsent, type ChatAction, type ChatState } from "./runtime.ts";

const SEND_TIMEOUT_MS = 30_000;
const HISTORY_TIMEOUT_MS = 30_000;
const HISTORY_LIMIT = 200;
const RETRY_PAUSE_MS = 1_500;
/** A run that says nothing for this long is looked up: its end may have been missed. */
const SILENT_RUN_MS = 45_000;

export interface ChatSnapshot {
  chat: ChatState;
  connection: ConnectionState;
}

export interface ChatSessionDeps {
  connect(handlers: Pick<ConnectionDeps, "onState" | "onEvent">): Connection;
  /** Stops a run that another socket started: the gateway lets only the starter abort. */
  abortRun(runId: string): Promise<void>;
  outbox: Outbox;
  now(): number;
  newId(): string;
}

export type ChatSession = ReturnType<typeof makeChatSession>;

/** The chat of one agent: keeps the reducer, the connection and the outbox in step. Lives longer than the chat page. */
export function makeChatSession(deps: ChatSessionDeps) {
  const listeners = new Set<() => void>();
  let snapshot: ChatSnapshot = { chat: emptyChat, connection: { kind: "waiting" } };
  let loading = false;
  let pausedUntil: ReturnType<typeof setTimeout> | null = null;
  let silence: ReturnType<typeof setTimeout> | undefined;
  const connection = deps.connect({ onState, onEvent });
  dispatch({ type: "restored", messages: deps.outbox.load() });

  function publish(next: ChatSnapshot): void {
    snapshot = next;
    for (const listener of listeners) listener();
  }

  function dispatch(action: ChatAction): void {
    const chat = reduceChat(snapshot.chat, action);
    if (chat === snapshot.chat) return;
    publish({ ...snapshot, chat });
    deps.outbox.save(unsent(chat));
    watchSilence();
    if (chat.stale) void loadHistory();
    void flush();
  }

  function onState(state: ConnectionState): void {
    publish({ ...snapshot, connection: state });
    if (state.kind === "online") void loadHistory();
    else dispatch({ type: "disconnected" });
  }

  function onEvent(event: string, payload: unknown): void {
    if (event === "chat") {
      const parsed = chatEventSchema.safeParse(payload);
      if (parsed.success && isMainSession(parsed.data.sessionKey))
        dispatch({ type: "chat", event: parsed.data, atMs: deps.now() });
    } else if (event === "agent") {
      const parsed = toolEventSchema.safeParse(payload);
      if (parsed.success && isMainSession(parsed.data.sessionKey))
        dispatch({ type: "tool", event: parsed.data, atMs: deps.now() });
    }
  }

  async function loadHistory(): Promise<void> {
    if (loading || snapshot.connection.kind !== "online") return;
    loading = true;
    try {
      const params = { sessionKey: MAIN_SESSION_KEY, limit: HISTORY_LIMIT };
      const answer = historySchema.parse(await connection.request("chat.history", params, HISTORY_TIMEOUT_MS));
      loading = false;
      dispatch({ type: "history", answer, atMs: deps.now() });
    } catch (error) {
      loading = false;
      // A cut line loads it again when it is back; anything else after a pause.
      if (!(error instanceof GatewayError && error.code === "disconnected"))
        pause(() => void loadHistory(), RETRY_PAUSE_MS);
    }
  }

  async function flush(): Promise<void> {
    const message = nextToSend(snapshot.chat);
    if (message === null || snapshot.connection.kind !== "online" || pausedUntil !== null) return;
    dispatch({ type: "sending", id: message.id });
    const params = { sessionKey: MAIN_SESSION_KEY, message: message.text, idempotencyKey: message.id };
    try {
      const answer = sendAnswerSchema.parse(await connection.request("chat.send", params, SEND_TIMEOUT_MS));
      dispatch({ type: "accepted", id: message.id, atMs: deps.now(), done: answer.status === "ok" });
    } catch (error) {
      if (!(error instanceof GatewayError) || !error.retryable)
        return dispatch({ type: "refused", id: message.id, problem: refusedProblem });
      if (error.code !== "disconnected") pause(() => void flush(), error.retryAfterMs ?? RETRY_PAUSE_MS);
      dispatch({ type: "postponed", id: message.id });
    }
  }

  function pause(then: () => void, pauseMs: number): void {
    if (pausedUntil !== null) clearTimeout(pausedUntil);
    pausedUntil = setTimeout(() => {
      pausedUntil = null;
      then();
    }, pauseMs);
  }

  function watchSilence(): void {
    clearTimeout(silence);
    if (activeRunId(snapshot.chat) === null) return;
    silence = setTimeout(() => {
      void loadHistory();
      watchSilence();
    }, SILENT_RUN_MS);
  }

  return {
    /** What was typed and not sent; survives a visit to another page. */
    draft: { text: "" },
    subscribe(listener: () => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    getSnapshot: (): ChatSnapshot => snapshot,
    setReachable: (reachable: boolean): void => connection.setReachable(reachable),
    retryConnection: (): void => connection.retryNow(),
    send(text: string): void {
      dispatch({ type: "typed", id: deps.newId(), text, atMs: deps.now() });
    },
    retry(id: string): void {
      dispatch({ type: "retried", id, newId: deps.newId(), atMs: deps.now() });
    },
    discard(id: string): void {
      dispatch({ type: "discarded", id });
    },
    /** Stops the run that answers now; the partial answer stays. Rejects when nobody could be told. */
    async stop(): Promise<void> {
      const runId = activeRunId(snapshot.chat);
      if (runId === null) return;
      try {
        await connection.request("chat.abort", { sessionKey: MAIN_SESSION_KEY, runId }, SEND_TIMEOUT_MS);
      } catch {
        await deps.abortRun(runId);
      }
    },
    close(): void {
      clearTimeout(silence);
      if (pausedUntil !== null) clearTimeout(pausedUntil);
      connection.close();
    },
  };
}
