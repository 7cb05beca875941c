import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import sirv from "sirv";
import { contentSecurityPolicy, SECURITY_HEADERS } from "./security-headers.ts";

/** Where Vite's `html.cspNonce` puts its placeholder, and how it spells it. */
const NONCE_PLACEHOLDER = "__CSP_NONCE__";
/** The page of "/" with its words in it, for readers without JavaScript (dashboard/build/prerender-landing.ts). */
const LANDING = "landing.html";
/** Vite names everything below by its content. */
const HASHED_FILES = "/assets/";

export type Handler = (req: IncomingMessage, res: ServerResponse) => void;

/** Serves a built dashboard: its files, and its one page for every other address. Reads the folder once, at the start. */
export function makeDashboardHandler(folder: string, clerkFrontend: string | null = null): Handler {
  const page = readFileSync(join(folder, "index.html"), "utf8");
  const landingFile = join(folder, LANDING);
  const landing = existsSync(landingFile) ? readFileSync(landingFile, "utf8") : page;
  const files = sirv(folder, {
    etag: true,
    // So that "/" is the page with its nonce, and not the file as it lies there.
    extensions: [],
    setHeaders(res, path) {
      const isHashed = path.startsWith(HASHED_FILES);
      res.setHeader("Cache-Control", isHashed ? "public, max-age=31536000, immutable" : "no-cache");
    },
  });

  return (req, res) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) res.setHeader(name, value);
    if (req.method !== "GET" && req.method !== "HEAD") return answer(res, 405, "This address answers to GET only.\n");
    const [path = "/"] = (req.url ?? "/").split(/[?#]/);
    if (path === "/" || path === `/${LANDING}`) return sendPage(res, landing, clerkFrontend);
    if (path === "/index.html") return sendPage(res, page, clerkFrontend);
    files(req, res, () => {
      // A missing file must not look like a page: a browser would try to run it.
      if (/\.\w+$/.test(path)) return answer(res, 404, "There is nothing at this address.\n");
      sendPage(res, page, clerkFrontend);
    });
  };
}

function sendPage(res: ServerResponse, page: string, clerkFrontend: string | null): void {
  const nonce = randomBytes(16).toString("base64");
  const html = page.replaceAll(NONCE_PLACEHOLDER, nonce);
  res.writeHead(200, {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Length": Buffer.byteLength(html),
    "Content-Security-Policy": contentSecurityPolicy(nonce, clerkFrontend),
    "Cache-Control": "no-store",
  });
  res.end(html);
}

function answer(res: ServerResponse, status: number, text: string): void {
  res.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" });
  res.end(text);
}
