import { createHash } from "node:crypto";
import { escapeHtml } from "@automna/core/mail/mail-text";
import type { Response } from "express";

const STYLE = `:root{color-scheme:light dark}body{margin:0;display:grid;min-height:100vh;place-items:center;font:16px/1.5 system-ui,sans-serif}main{max-width:30rem;padding:2rem 1.25rem}h1{font-size:1.25rem;line-height:1.2}button{min-height:2.75rem;padding:0 1.25rem;border:0;border-radius:6px;background:#b4490f;color:#fff;font:inherit;font-weight:600;cursor:pointer}a{color:inherit}`;

export interface PlainPage {
  title: string;
  text: string;
  /** A form of one button that posts to `path`; null = nothing to do. */
  button: { label: string; path: string } | null;
}

/** A page of the api's own that needs no script: for links in mails, and for forms without JavaScript. */
export function sendPlainPage(response: Response, status: number, { title, text, button }: PlainPage): void {
  const form =
    button === null
      ? `<p><a href="/">Go to the start page</a></p>`
      : `<form method="post" action="${escapeHtml(button.path)}"><button type="submit">${escapeHtml(button.label)}</button></form>`;
  const styleHash = createHash("sha256").update(STYLE).digest("base64");
  response.set(
    "content-security-policy",
    `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  );
  response.status(status).type("html").send(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>${escapeHtml(title)} · Automna</title><style>${STYLE}</style></head>
<body><main><h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p>${form}</main></body>
</html>
`);
}
