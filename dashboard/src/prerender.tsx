import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, RouterProvider } from "@tanstack/react-router";
import { renderToString } from "react-dom/server";
import { makeApiClient } from "./api/api-client.ts";
import { PlatformProvider } from "./api/api-context.tsx";
import { makeRouter } from "./router.tsx";

/** The landing page as HTML, as somebody sees it who is not signed in; made once, at build time. Asks nobody anything. */
export async function renderLanding(): Promise<string> {
  const api = makeApiClient({
    fetch: () => Promise.reject(new Error("nothing is fetched at build time")),
    refreshSession: async () => false,
    onSignedOut: () => undefined,
  });
  const cache = new QueryClient();
  const router = makeRouter({ api, cache }, createMemoryHistory({ initialEntries: ["/"] }));
  await router.load();
  const session = { refresh: async () => false, onRefreshed: () => () => undefined, end: async () => undefined };
  return renderToString(
    <PlatformProvider value={{ api, session }}>
      <QueryClientProvider client={cache}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </PlatformProvider>,
  );
}
