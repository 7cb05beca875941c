import { agentdPaths } from "@automna/contract/agentd";
import { agentPath, agentSocketPath } from "@automna/contract/paths";
import type { SessionKeeper } from "../api/session.ts";
import { makeChatSession, type ChatSession } from "./chat-session.ts";
import { makeConnection } from "./connection.ts";
import { keepSocketAlive } from "./keep-alive.ts";
import { makeOutbox } from "./outbox.ts";

/** The browser's chat session with one user's agent. The caller closes it. */
export function openChatSession(userId: string, keeper: SessionKeeper, onSignedOut: () => void): ChatSession {
  async function refreshSession(): Promise<boolean> {
    const signedIn = await keeper.refresh();
    if (!signedIn) onSignedOut();
    return signedIn;
  }
  const session = makeChatSession({
    connect: (handlers) =>
      makeConnection({
        ...handlers,
        // A relative address takes ws: or wss: after the page's own.
        openSocket: () => new WebSocket(agentSocketPath(userId)),
        refreshSession,
        now: Date.now,
        random: Math.random,
        locale: navigator.language,
      }),
    // agentd stops a run whoever started it; the gateway lets only the socket that did.
    async abortRun(runId) {
      const response = await fetch(agentPath(userId) + agentdPaths.abort, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ sessionKey: "agent:main:main", runId }),
        signal: AbortSignal.timeout(15_000),
      });
      if (!response.ok) throw new Error(`the agent could not be told to stop (${response.status})`);
    },
    outbox: makeOutbox(sessionStorage, userId),
    now: Date.now,
    newId: () => crypto.randomUUID(),
  });
  const stopKeepAlive = keepSocketAlive({
    keeper,
    userId,
    connection: () => session.getSnapshot().connection,
    fetch: (input, init) => fetch(input, init),
  });
  return {
    ...session,
    close() {
      stopKeepAlive();
      session.close();
    },
  };
}
