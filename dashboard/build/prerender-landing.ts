import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import react from "@vitejs/plugin-react";
import type { renderLanding as RenderLanding } from "../src/prerender.tsx";
import { createServer, type Plugin, type ResolvedConfig } from "vite";

const EMPTY_ROOT = '<div id="root"></div>';

/**
 * Writes landing.html beside index.html: the same page with the landing page's own words in it, for readers and search
 * engines that run no scripts. Whoever serves "/" may take it; the scripts then draw the page anew, with the same words.
 */
export function prerenderLanding(): Plugin {
  let config: ResolvedConfig;
  return {
    name: "automna-prerender-landing",
    apply: "build",
    configResolved(resolved) {
      config = resolved;
    },
    async closeBundle() {
      const folder = resolve(config.root, config.build.outDir);
      const page = await readFile(resolve(folder, "index.html"), "utf8");
      if (!page.includes(EMPTY_ROOT)) throw new Error("index.html has no empty #root to put the landing page into");
      const html = await renderLanding(config.root);
      const landing = page
        .replace(EMPTY_ROOT, () => `<div id="root">${html}</div>`)
        // There is something to read without it.
        .replace(/<noscript>.*?<\/noscript>/s, "");
      await writeFile(resolve(folder, "landing.html"), landing);
    },
  };
}

/** Loads the page's sources as they are and renders them in this process. */
async function renderLanding(root: string): Promise<string> {
  const server = await createServer({
    root,
    configFile: false,
    plugins: [react()],
    appType: "custom",
    logLevel: "error",
    server: { middlewareMode: true, ws: false },
    optimizeDeps: { noDiscovery: true },
  });
  try {
    const { renderLanding: render } = (await server.ssrLoadModule("/src/prerender.tsx")) as {
      renderLanding: typeof RenderLanding;
    };
    // The router would restore a scroll position by a script; the CSP lets none in without a nonce.
    return (await render()).replaceAll(/<script\b.*?<\/script>/gs, "");
  } finally {
    await server.close();
  }
}
