import { useEffect } from "react";
import { usePlatform } from "./api-context.tsx";
import { KEEP_ALIVE_MS } from "./session.ts";

/** Brings a fresh session token every 4 minutes, and at once when a sleeping tab or computer comes back. */
export function useKeepAlive(onSignedOut: () => void): void {
  const { session } = usePlatform();
  useEffect(() => {
    let freshAt = Date.now();
    async function refresh(): Promise<void> {
      freshAt = Date.now();
      // Nobody answered: the next round, or the next refused call, tries again.
      const signedIn = await session.refresh().catch(() => true);
      if (!signedIn) onSignedOut();
    }
    function onVisible(): void {
      const stale = Date.now() - freshAt > KEEP_ALIVE_MS;
      if (document.visibilityState === "visible" && stale) void refresh();
    }
    const timer = setInterval(() => void refresh(), KEEP_ALIVE_MS);
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [session, onSignedOut]);
}
