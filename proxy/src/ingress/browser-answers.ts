import type { ServerResponse } from "node:http";
import { appError } from "@automna/contract/error-catalogue";
import type { BrowserVerdict } from "./browser-rules.ts";

/** What a person sees who opens an agent's address: nothing of the agent's, and nothing that runs. */
const page = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Automna</title></head>
<body><h1>This address is for your agent's own traffic</h1><p>Open it in your <a href="/dashboard">dashboard</a>.</p></body>
</html>
`;

const pageHeaders = {
  "content-type": "text/html; charset=utf-8",
  "content-length": String(Buffer.byteLength(page)),
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
};

/** The platform's own answer to a browser. Throws `forbidden` for what is refused. */
export function answerBrowser(response: ServerResponse, verdict: Exclude<BrowserVerdict, { kind: "forward" }>): void {
  switch (verdict.kind) {
    case "redirect":
      response.writeHead(303, { location: verdict.location, "cache-control": "no-store", "content-length": "0" }).end();
      return;
    case "page":
      response.writeHead(404, pageHeaders).end(page);
      return;
    case "refuse":
      throw appError("forbidden");
  }
}
