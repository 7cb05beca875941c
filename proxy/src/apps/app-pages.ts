import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import { appHostPaths } from "@automna/contract/apps";
import { errorAnswerFor } from "@automna/contract/error-body";
import { REQUEST_ID_HEADER } from "@automna/contract/headers";
import { isAppError } from "@automna/core/shared/app-error";
import { retryAfterSeconds } from "../ingress/phase-answers.ts";

const style = `body{margin:0;min-height:100vh;display:grid;place-items:center;font:16px/1.5 system-ui,sans-serif;color:#1c1d22;background:#f6f5f2}
main{width:min(22rem,100vw - 3rem);text-align:center}h1{font-size:1.25rem;font-weight:600}p{color:#5a5b63}
form{display:grid;gap:.75rem;text-align:left}label{font-size:.875rem;font-weight:500}
input,button{box-sizing:border-box;width:100%;height:2.75rem;border-radius:8px;font:inherit}
input{padding:0 .75rem;border:1px solid #8a8a90;background:#fff;color:inherit}
button{border:0;background:#1c1d22;color:#f6f5f2;font-weight:500;cursor:pointer}
input:focus-visible,button:focus-visible{outline:2px solid #3b6ea5;outline-offset:2px}
[role=alert]{margin:0;color:#a32020;font-size:.875rem}
@media (prefers-color-scheme:dark){body{color:#eceae4;background:#16171b}p{color:#a5a5ab}input{background:#1f2025;border-color:#7b7b82}
button{background:#eceae4;color:#16171b}[role=alert]{color:#f08c8c}}`;

/** Only this style, no script, and forms go to this host alone. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** All texts are the platform's own, except where they are escaped. */
interface Page {
  status: number;
  title: string;
  body: string;
  retryAfterS?: number | null;
  /** Looked at again by itself after so long. */
  refreshS?: number;
}

function answerPage(response: ServerResponse, requestId: string, page: Page): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { status, title, body, retryAfterS = null, refreshS } = page;
  const refresh = refreshS === undefined ? "" : `<meta http-equiv="refresh" content="${refreshS}">`;
  const html = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">${refresh}<title>${title}</title><style>${style}</style></head>
<body><main><h1>${title}</h1>${body}</main></body>
</html>
`;
  response.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    "content-length": String(Buffer.byteLength(html)),
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    // Not `no-referrer`: browsers would then send forms with the origin `null`.
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    [REQUEST_ID_HEADER]: requestId,
    ...(retryAfterS === null ? {} : { "retry-after": String(retryAfterS) }),
    ...(response.req.complete ? {} : { connection: "close" }),
  });
  response.end(html);
}

/** The same for a host that was never given out, an app that is off, and one that is somebody else's private one. */
export function answerHidden(response: ServerResponse, requestId: string): void {
  answerPage(response, requestId, {
    status: 404,
    title: "There is nothing here",
    body: "<p>Nothing is published at this address. If it is yours and private, open it from your dashboard.</p>",
  });
}

export interface PasswordPage {
  /** Where to go afterwards; a path of this host. */
  to: string;
  /** What was wrong the last time. */
  problem?: string;
  status?: number;
  retryAfterS?: number | null;
}

export function answerPasswordPage(response: ServerResponse, requestId: string, page: PasswordPage): void {
  const { to, problem, status = 403, retryAfterS = null } = page;
  const note = problem === undefined ? "" : `<p role="alert">${escapeHtml(problem)}</p>`;
  answerPage(response, requestId, {
    status,
    retryAfterS,
    title: "This page has a password",
    body: `<form method="post" action="${appHostPaths.password}"><label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="128" required autofocus>
<input name="to" type="hidden" value="${escapeHtml(to)}">${note}<button>Open</button></form>`,
  });
}

/** An app that is there, whose agent does not answer now. `isComing`: it will in a moment. */
export function answerResting(response: ServerResponse, requestId: string, error: unknown, isComing: boolean): void {
  const retryAfterS = isAppError(error) ? (retryAfterSeconds(error) ?? 5) : 5;
  answerPage(response, requestId, {
    status: 503,
    retryAfterS,
    ...(isComing ? { refreshS: retryAfterS } : {}),
    title: isComing ? "One moment" : "This page is asleep",
    body: isComing
      ? '<p role="status">What shows this page is just starting. It opens by itself.</p>'
      : "<p>What shows this page is switched off at the moment. Please come back later.</p>",
  });
}

/** Anything else that was refused; tells what the catalogue allows to tell. */
export function answerRefusal(response: ServerResponse, requestId: string, error: unknown): void {
  const { status, body } = errorAnswerFor(error, requestId);
  answerPage(response, requestId, {
    status,
    retryAfterS: isAppError(error) ? retryAfterSeconds(error) : null,
    title: status >= 500 ? "This does not work at the moment" : "This can't be opened",
    body: `<p>${escapeHtml(status === 503 ? "Please try again in a moment." : body.error.message)}</p>`,
  });
}

export function redirectTo(response: ServerResponse, requestId: string, path: string, setCookie?: string): void {
  response.writeHead(303, {
    location: path,
    "content-length": "0",
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    [REQUEST_ID_HEADER]: requestId,
    ...(setCookie === undefined ? {} : { "set-cookie": setCookie }),
  });
  response.end();
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}
