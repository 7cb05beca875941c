import { agentEventSchema, agentViewSchema, type AgentEventView, type AgentView } from "@automna/contract/agents";

export interface AgentStreamDeps {
  openSource(path: string): EventSource;
  refreshSession(): Promise<boolean>;
  onAgent(agent: AgentView): void;
  onLog(event: AgentEventView): void;
  /** The agent was deleted; nothing follows. */
  onGone(): void;
}

const MAX_PAUSE_MS = 10_000;

/** Follows one agent's server-sent events until the returned function is called. */
export function openAgentStream(path: string, deps: AgentStreamDeps): () => void {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let closed = false;

  function close(): void {
    closed = true;
    clearTimeout(timer);
    source?.close();
  }

  function open(): void {
    source = deps.openSource(path);
    source.addEventListener("agent", (message) => {
      failures = 0;
      const parsed = agentViewSchema.safeParse(parseJson(message.data));
      if (parsed.success) deps.onAgent(parsed.data);
    });
    source.addEventListener("log", (message) => {
      const parsed = agentEventSchema.safeParse(parseJson(message.data));
      if (parsed.success) deps.onLog(parsed.data);
    });
    source.addEventListener("gone", () => {
      close();
      deps.onGone();
    });
    source.addEventListener("error", () => {
      // The browser reconnects by itself after a lost connection, but never after an HTTP error such as 401.
      if (source?.readyState === EventSource.CLOSED && !closed) void reopenLater();
    });
  }

  async function reopenLater(): Promise<void> {
    failures += 1;
    const signedIn = await deps.refreshSession().catch(() => true);
    if (closed || !signedIn) return;
    timer = setTimeout(open, Math.min(MAX_PAUSE_MS, 500 * 2 ** failures));
  }

  open();
  return close;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
