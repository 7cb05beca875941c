import type { IncomingHttpHeaders } from "node:http";
import type { RequestTarget } from "./request-target.ts";

/** What a browser gets (design D8): `/a/` is for fetch and WebSocket; agents can write HTML and script. */
export type BrowserVerdict =
  | { kind: "forward" }
  /** A person's navigation: the platform's own answer. */
  | { kind: "redirect"; location: string }
  | { kind: "page" }
  | { kind: "refuse" };

/** Destinations (Sec-Fetch-Dest) whose content can't act as the dashboard. All others are refused. */
const harmlessDestinations = new Set(["empty", "image", "audio", "video", "track", "websocket"]);
const chatPaths = new Set(["/", "/chat", "/chat/"]);

const forward: BrowserVerdict = { kind: "forward" };
const refuse: BrowserVerdict = { kind: "refuse" };

export function judgeBrowserRequest(
  request: { method?: string | undefined; headers: IncomingHttpHeaders },
  target: RequestTarget,
): BrowserVerdict {
  const { headers } = request;
  if (headers["service-worker"] !== undefined) return refuse;
  const destination = headers["sec-fetch-dest"];
  if (destination === "document" || (destination === undefined && asksForPage(headers.accept))) {
    // A form that is posted here comes from no page of ours.
    if (request.method !== "GET" && request.method !== "HEAD") return refuse;
    return chatPaths.has(target.path) ? { kind: "redirect", location: "/dashboard" } : { kind: "page" };
  }
  if (headers["sec-fetch-mode"] === "navigate") return refuse;
  if (destination === undefined || (typeof destination === "string" && harmlessDestinations.has(destination)))
    return forward;
  return refuse;
}

/** Browsers without Sec-Fetch headers: only navigations name text/html in Accept. */
function asksForPage(accept: string | undefined): boolean {
  return accept !== undefined && /text\/html|application\/xhtml\+xml/i.test(accept);
}
