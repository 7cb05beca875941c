import { escapeHtml } from "@automna/core/mail/mail-text";

/** What a mail says, before it is text or HTML. */
export interface MailContent {
  subject: string;
  paragraphs: readonly string[];
  /** The one thing to do; null = nothing. */
  action: { label: string; url: string } | null;
  /** Why the reader gets it. */
  reason: string;
  unsubscribeUrl: string | null;
}

export function toText({ paragraphs, action, reason, unsubscribeUrl }: MailContent): string {
  const parts = [
    ...paragraphs,
    ...(action === null ? [] : [`${action.label}:\n${action.url}`]),
    `-- \nAutomna\n${reason}`,
    ...(unsubscribeUrl === null ? [] : [`No more of these, and forget my address:\n${unsubscribeUrl}`]),
  ];
  return `${parts.join("\n\n")}\n`;
}

// Mail readers know little CSS and load nothing: inline styles, system fonts, and colours that both a light and a dark
// reader may turn round without text and ground becoming the same.
const INK = "#1f1b16";
const QUIET = "#6b645c";
const EMBER = "#b4490f";

export function toHtml({ subject, paragraphs, action, reason, unsubscribeUrl }: MailContent): string {
  const text = paragraphs.map((paragraph) => `<p style="margin:0 0 16px">${lines(paragraph)}</p>`).join("\n");
  const button =
    action === null
      ? ""
      : `<p style="margin:24px 0"><a href="${escapeHtml(action.url)}" style="display:inline-block;padding:12px 20px;border-radius:6px;background:${EMBER};color:#ffffff;text-decoration:none;font-weight:600">${escapeHtml(action.label)}</a></p>`;
  const leave =
    unsubscribeUrl === null
      ? ""
      : `<br><a href="${escapeHtml(unsubscribeUrl)}" style="color:inherit">No more of these, and forget my address</a>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escapeHtml(subject)}</title>
<style>@media (prefers-color-scheme: dark) { .ink { color: #f2eee8 !important; background: #191613 !important } .quiet { color: #a89f95 !important } }</style>
</head>
<body class="ink" style="margin:0;padding:32px 20px;background:#ffffff;color:${INK};font:16px/1.5 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif">
<div style="max-width:520px;margin:0 auto">
${text}
${button}
<p class="quiet" style="margin:32px 0 0;padding-top:16px;border-top:1px solid #d9d3cb;font-size:13px;color:${QUIET}">Automna<br>${lines(reason)}${leave}</p>
</div>
</body>
</html>
`;
}

function lines(text: string): string {
  return escapeHtml(text).replaceAll("\n", "<br>");
}
