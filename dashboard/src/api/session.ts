import { appError } from "@automna/contract/error-catalogue";
import type { IdentityInfo } from "@automna/contract/identity";
import { loadClerk, type ClerkBrowser } from "./clerk-browser.ts";
import { toPath } from "./api-client.ts";

/** Sessions of whichever issuer signs tokens here. */
export interface SessionKeeper {
  /** True with a fresh token, false when the session is over. Throws when nobody answers. */
  refresh(): Promise<boolean>;
  /** Calls back after each refresh that brought a fresh token; returns how to stop that. */
  onRefreshed(listener: () => void): () => void;
  /** Signs this browser out. */
  end(): Promise<void>;
}

/** Brings one token: true with a fresh one, false when the session is over. */
interface TokenSource {
  bring(): Promise<boolean>;
  end(): Promise<void>;
}

/** Session tokens live 5 minutes, sockets need a fresh one within that time (design D11). */
export const KEEP_ALIVE_MS = 4 * 60_000;

/** Sessions of the issuer that this installation uses, which is asked for when a token is needed first. */
export function makeSessionKeeper(findSource: () => Promise<TokenSource>): SessionKeeper {
  let pending: Promise<boolean> | null = null;
  const listeners = new Set<() => void>();
  async function bring(): Promise<boolean> {
    const isFresh = await (await findSource()).bring();
    if (isFresh) for (const listener of listeners) listener();
    return isFresh;
  }
  return {
    // Calls at the same time share one request.
    refresh() {
      pending ??= bring().finally(() => {
        pending = null;
      });
      return pending;
    },
    onRefreshed(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    end: async () => (await findSource()).end(),
  };
}

/** The local issuer: a refresh cookie buys a new token. */
export function makeLocalTokens(send: typeof fetch): TokenSource {
  const post = (path: string) => send(path, { method: "POST", signal: AbortSignal.timeout(15_000) });
  return {
    async bring() {
      const response = await post(toPath("localToken"));
      if (response.status === 401 || response.status === 403) return false;
      if (!response.ok) throw appError("service_unavailable", { details: { status: response.status } });
      return true;
    },
    async end() {
      const response = await post(toPath("localSignOut"));
      if (!response.ok) throw appError("service_unavailable", { details: { status: response.status } });
    },
  };
}

/** Clerk: its client brings tokens and keeps the cookie itself, every minute from when it is loaded. */
export function makeClerkTokens(load: () => Promise<Pick<ClerkBrowser, "session" | "signOut">>): TokenSource {
  return {
    async bring() {
      const clerk = await load();
      return typeof (await clerk.session?.getToken({ skipCache: true })) === "string";
    },
    end: async () => (await load()).signOut(),
  };
}

/** The issuer's tokens, as the api says which one it is. */
export async function findTokens(send: typeof fetch, { issuer, ...identity }: IdentityInfo): Promise<TokenSource> {
  const { clerkPublishableKey: publishableKey, clerkFrontendUrl: frontendUrl } = identity;
  if (issuer === "local" || publishableKey === null || frontendUrl === null) return makeLocalTokens(send);
  return makeClerkTokens(() => loadClerk({ publishableKey, frontendUrl }));
}
