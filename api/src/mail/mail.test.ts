import { mailCatalogue, mailTemplates, type MailTemplate } from "@automna/contract/mail";
import { describe, expect, test } from "vitest";
import { writeMail } from "./compose-mail.ts";
import { toHtml, toText } from "./mail-content.ts";
import { MailRefusal } from "./mail-port.ts";
import { parseSender, toMessage } from "./to-message.ts";

const from = { name: "Automna", address: "hello@automna.test" };
const mail = {
  to: { name: "Ann", address: "ann@example.com" },
  subject: "Hello",
  text: "x",
  html: "x",
  messageId: "<1@automna.test>",
  unsubscribeUrl: null,
};
const HOSTILE = `<script>alert(1)</script>"'&\r\nBcc: all@example.com`;
const context = {
  origin: "https://automna.test",
  waitlistLinks: () => ({ confirm: "https://automna.test/c?token=1", leave: "https://automna.test/l?token=2" }),
  feedback: { from: HOSTILE, kind: HOSTILE, page: HOSTILE, text: HOSTILE },
};

/** Every text field hostile, every number some time. */
const hostileData: Readonly<Record<string, unknown>> = {
  agentName: HOSTILE,
  reason: HOSTILE,
  entryId: HOSTILE,
  code: HOSTILE,
  feedbackId: HOSTILE,
  hasBetaPrice: true,
  percent: 80,
  remaining: 12,
  credits: 1_000,
  untilMs: Date.UTC(2026, 10, 30),
  graceEndsMs: Date.UTC(2026, 10, 30),
  keptUntilMs: Date.UTC(2026, 10, 30),
};
const dataOf = (template: MailTemplate) =>
  template === "put-to-sleep" ? { ...hostileData, reason: "unpaid" } : hostileData;

describe.each(mailTemplates)("the mail %s", (template) => {
  const content = writeMail(template, dataOf(template), context);

  test("has words, and a subject of one line", () => {
    expect(content.paragraphs.join(" ").length).toBeGreaterThan(20);
    const sent = toMessage(from, { ...mail, subject: content.subject });
    expect(sent.subject).not.toMatch(/[\r\n]/);
  });

  test("runs nothing and loads nothing, whatever people wrote", () => {
    const html = toHtml(content);
    expect(html).not.toMatch(/<script|<img|<link|<iframe|onerror|url\(/i);
    expect(html.match(/<a href="([^"]*)"/g) ?? []).toEqual(
      (html.match(/<a href="([^"]*)"/g) ?? []).filter((link) => link.startsWith('<a href="https://automna.test')),
    );
  });

  test("says the same in plain text, with its link", () => {
    const text = toText(content);
    for (const paragraph of content.paragraphs) expect(text).toContain(paragraph);
    if (content.action !== null) expect(text).toContain(content.action.url);
  });

  test("can be unsubscribed from unless it is about something the reader did", () => {
    expect(content.unsubscribeUrl !== null).toBe(template.startsWith("waitlist-"));
  });
});

test("data of another form is refused, not half written", () => {
  for (const template of mailTemplates.filter((name) => Object.keys(mailCatalogue[name].shape).length > 0))
    expect(() => writeMail(template, { percent: "x", nothing: true }, context), template).toThrow(MailRefusal);
});

describe("an address", () => {
  test.each([
    "ann@example.com\r\nRCPT TO:<all@example.com>",
    "ann@example.com\nBcc: all@example.com",
    "ann@example.com, all@example.com",
    "<all@example.com> ann@example.com",
    '"all@example.com x"@example.com',
    "ann@example.com>",
    "ann@exam ple.com",
    "ann",
    "",
    `${"a".repeat(300)}@example.com`,
  ])("%j is refused", (address) => {
    expect(() => toMessage(from, { ...mail, to: { name: "", address } })).toThrow(MailRefusal);
  });

  test("goes into the envelope alone and as it is", () => {
    expect(toMessage(from, mail).envelope).toEqual({ from: from.address, to: ["ann@example.com"] });
  });
});

describe("the sender", () => {
  test.each([
    ["Automna <hello@automna.test>", { name: "Automna", address: "hello@automna.test" }],
    ["hello@automna.test", { name: "", address: "hello@automna.test" }],
  ])("%s", (text, sender) => expect(parseSender(text)).toEqual(sender));

  test.each(["Automna", "a@b.co, c@d.co", "Automna <>"])("%s is refused", (text) =>
    expect(() => parseSender(text)).toThrow(/invalid/i),
  );
});
