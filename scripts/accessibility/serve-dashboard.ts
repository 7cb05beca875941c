import { existsSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import type { Browser, BrowserContext } from "@automna/testkit/browser";
import { startTestApi, type TestApi, type TestApiOptions } from "../../api/src/testing/start-test-api.ts";
import { buildDashboard } from "../up/dashboard.ts";

const contentTypes: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

export interface ServedDashboard {
  api: TestApi;
  /** A browser of its own, to which the api's origin shows the dashboard. */
  open: (options: Parameters<Browser["newContext"]>[0]) => Promise<BrowserContext>;
}

/** The built dashboard over the real api, without agents: the gateway's boot would cost more than all that is looked at. */
export async function serveDashboard(
  browser: Browser,
  databaseUrl: string,
  options: Omit<TestApiOptions, "databaseUrl"> = {},
): Promise<ServedDashboard> {
  const folder = await buildDashboard();
  const api = await startTestApi({ ...options, databaseUrl });
  const page = readFileSync(join(folder, "index.html"));
  return {
    api,
    async open(options) {
      const context = await browser.newContext(options);
      await context.route("**/*", (route) => {
        const { origin, pathname } = new URL(route.request().url());
        if (origin !== api.origin || /^\/(api|a)\//.test(pathname)) return route.continue();
        const file = join(folder, pathname);
        const isFile = extname(pathname) !== "" && existsSync(file);
        return isFile
          ? route.fulfill({
              body: readFileSync(file),
              contentType: contentTypes[extname(file)] ?? "application/octet-stream",
            })
          : route.fulfill({ body: page, contentType: "text/html" });
      });
      return context;
    },
  };
}
