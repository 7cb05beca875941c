import { appError } from "@automna/contract/error-catalogue";
import { toPath } from "./api-client.ts";

/** Sessions of whichever issuer signs tokens here. The local one is below; Clerk's own client takes its place when configured. */
export interface SessionKeeper {
  /** True with a fresh token, false when the session is over. Throws when nobody answers. */
  refresh(): Promise<boolean>;
  /** Calls back after each refresh that brought a fresh token; returns how to stop that. */
  onRefreshed(listener: () => void): () => void;
}

/** Session tokens live 5 minutes, sockets need a fresh one within that time (design D11). */
export const KEEP_ALIVE_MS = 4 * 60_000;

/** The local issuer: a refresh cookie buys a new token. Calls at the same time share one request. */
export function makeLocalSessionKeeper(send: typeof fetch): SessionKeeper {
  let pending: Promise<boolean> | null = null;
  const listeners = new Set<() => void>();
  async function requestToken(): Promise<boolean> {
    const response = await send(toPath("localToken"), { method: "POST", signal: AbortSignal.timeout(15_000) });
    if (response.status === 401 || response.status === 403) return false;
    if (!response.ok) throw appError("service_unavailable", { details: { status: response.status } });
    for (const listener of listeners) listener();
    return true;
  }
  return {
    refresh() {
      pending ??= requestToken().finally(() => {
        pending = null;
      });
      return pending;
    },
    onRefreshed(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
