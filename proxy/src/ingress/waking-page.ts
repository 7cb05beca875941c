import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import { retryAfterSeconds, type Outlook } from "./phase-answers.ts";
import type { AppError } from "@automna/core/shared/app-error";

const style = `body{margin:0;min-height:100vh;display:grid;place-items:center;font:16px/1.5 system-ui,sans-serif;color:#1c1d22;background:#f6f5f2}
main{max-width:26rem;padding:2rem;text-align:center}h1{font-size:1.25rem;font-weight:600}a{color:inherit}
@media (prefers-color-scheme:dark){body{color:#eceae4;background:#16171b}}`;

/**
 * Asks the agent's own health, which wakes it if it may be woken, until it answers; then the address is opened again and is
 * the app. Everything shown is text.
 */
const script = `const agent = location.pathname.split("/", 3).join("/");
const say = (text) => { document.querySelector("#state").textContent = text; };
const later = (seconds) => setTimeout(look, Math.min(Math.max(seconds || 2, 1), 30) * 1000);
async function look() {
  try {
    const answer = await fetch(agent + "/healthz", { cache: "no-store" });
    if (answer.ok) return location.reload();
    if (answer.status === 401 || answer.status === 403 || answer.status === 404) return location.replace("/dashboard");
    const { error } = await answer.json();
    say(error.message);
    later(Number(answer.headers.get("retry-after")));
  } catch {
    later(2);
  }
}
look();`;

const titles: Record<Exclude<Outlook, "over">, string> = {
  coming: "Your agent is on its way",
  asleep: "Your agent is asleep",
};

const sourceHash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** Only these two texts act, and only this origin is asked (design D8). */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `script-src ${sourceHash(script)}`,
  `style-src ${sourceHash(style)}`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Both texts are the platform's own. */
function pageFor(title: string, message: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${style}</style></head>
<body><main><h1>${title}</h1><p id="state" role="status">${message}</p>
<noscript><p>Reload this page in a moment.</p></noscript><p><a href="/dashboard">To the dashboard</a></p></main>
<script>${script}</script></body>
</html>
`;
}

/** Answers a navigation to an agent that doesn't answer yet: a page of the platform that turns into the app by itself. */
export function answerWaking(response: ServerResponse, outlook: Exclude<Outlook, "over">, error: AppError): void {
  const page = pageFor(titles[outlook], error.message);
  response.writeHead(503, {
    "content-type": "text/html; charset=utf-8",
    "content-length": String(Buffer.byteLength(page)),
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "retry-after": String(retryAfterSeconds(error) ?? 2),
  });
  response.end(page);
}
