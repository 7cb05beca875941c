import { agentKeepAlivePath } from "@automna/contract/paths";
import type { SessionKeeper } from "../api/session.ts";
import type { ConnectionState } from "./connection-state.ts";

export interface KeepAliveDeps {
  keeper: Pick<SessionKeeper, "onRefreshed">;
  userId: string;
  connection(): ConnectionState;
  fetch: typeof fetch;
}

const TIMEOUT_MS = 15_000;

/**
 * Shows ingress every fresh session token while a socket is open: the api alone hears of a refresh, and ingress closes
 * sockets after 5 minutes without a token that it has seen (design D11). Returns how to stop.
 */
export function keepSocketAlive({ keeper, userId, connection, fetch: send }: KeepAliveDeps): () => void {
  return keeper.onRefreshed(() => {
    if (mayHoldSocket(connection())) void show();
  });

  async function show(): Promise<void> {
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await send(agentKeepAlivePath(userId), { method: "GET", cache: "no-store", signal });
      await response.body?.cancel();
    } catch {
      // The next refresh shows the next token; should the socket close before, the connection comes back by itself.
    }
  }
}

function mayHoldSocket({ kind }: ConnectionState): boolean {
  return kind === "online" || kind === "connecting";
}
