import { isAppError } from "@automna/core/shared/app-error";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { config } from "zod";
import { makeApiClient } from "./api/api-client.ts";
import { PlatformProvider } from "./api/api-context.tsx";
import { identityQuery } from "./api/queries.ts";
import { findTokens, makeSessionKeeper } from "./api/session.ts";
import { rememberArrival } from "./arrival/arrival.ts";
import { openStore } from "./arrival/use-arrival.ts";
import { makeRouter } from "./router.tsx";
import "./theme/base.css";

// The CSP forbids eval, which zod would otherwise try in order to compile its schemas.
config({ jitless: true });

const store = openStore();
if (store !== null) rememberArrival(location, store, Date.now());

const browserFetch: typeof fetch = (input, init) => fetch(input, init);
// Who signs tokens here does not change while the page is open.
const session = makeSessionKeeper(async () =>
  findTokens(browserFetch, await cache.ensureQueryData(identityQuery(api))),
);
const cache = new QueryClient({
  defaultOptions: {
    queries: { retry: (count, error) => count < 2 && isAppError(error) && error.kind === "transient" },
  },
});
const api = makeApiClient({
  fetch: browserFetch,
  refreshSession: () => session.refresh(),
  onSignedOut: () => void router.navigate({ to: "/sign-in", search: { next: location.pathname } }),
});
const router = makeRouter({ api, cache });

const root = document.getElementById("root");
if (root === null) throw new TypeError("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <PlatformProvider value={{ api, session }}>
      <QueryClientProvider client={cache}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </PlatformProvider>
  </StrictMode>,
);
