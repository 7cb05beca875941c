import { createContext, useContext } from "react";
import type { ApiClient } from "./api-client.ts";
import type { SessionKeeper } from "./session.ts";

/** What main.tsx makes and everything else uses. */
export interface Platform {
  api: ApiClient;
  session: SessionKeeper;
}

const PlatformContext = createContext<Platform | null>(null);

export const PlatformProvider = PlatformContext.Provider;

export function usePlatform(): Platform {
  const platform = useContext(PlatformContext);
  if (platform === null) throw new TypeError("usePlatform outside of PlatformProvider");
  return platform;
}
