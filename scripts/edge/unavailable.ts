import type { IncomingMessage, ServerResponse } from "node:http";
import { errorAnswer } from "@automna/contract/error-body";
import { headOf } from "./forward-upgrade.ts";

/** The supervisor starts a service again within about this time, seconds. */
const RETRY_AFTER_SECONDS = 2;
const STATUS = 502;
const { body } = errorAnswer("service_unavailable");

/** Answers for a service that is down: a page for a person's navigation, the platform's error body for everything else. */
export function answerUnavailable(req: IncomingMessage, res: ServerResponse): void {
  const isNavigation =
    req.headers["sec-fetch-dest"] === "document" || req.headers.accept?.startsWith("text/html") === true;
  const [type, content] = isNavigation
    ? ["text/html; charset=utf-8", PAGE]
    : ["application/json", JSON.stringify(body)];
  res.writeHead(STATUS, {
    "Content-Type": type,
    "Content-Length": Buffer.byteLength(content),
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Retry-After": RETRY_AFTER_SECONDS,
    "X-Content-Type-Options": "nosniff",
  });
  res.end(content);
}

/** The same for a WebSocket handshake, as text for its raw socket. */
export const UNAVAILABLE_HANDSHAKE = headOf(STATUS, [
  ["Connection", "close"],
  ["Content-Length", "0"],
  ["Retry-After", String(RETRY_AFTER_SECONDS)],
]);

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="${RETRY_AFTER_SECONDS}">
<title>One moment · Automna</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 28rem; margin: 20vh auto; padding: 0 1.5rem; }
  h1 { font-size: 20px; line-height: 1.2; }
</style>
<h1>One moment</h1>
<p>${body.error.message} This page tries by itself.</p>
</html>
`;
