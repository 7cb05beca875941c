import { toHeaderText } from "@automna/core/mail/mail-text";
import type { SendMailOptions } from "nodemailer";
import { z } from "zod";
import { MailRefusal, type OutgoingMail } from "./mail-port.ts";

/** Stricter than RFC 5322: no quotes, comments, lists or line ends, nothing that two parsers could read in two ways. */
const addressSchema = z.email().max(254);

/** What nodemailer gets. Throws MailRefusal for an address that is none. */
export function toMessage(from: { name: string; address: string }, mail: OutgoingMail): SendMailOptions {
  const { to, subject, text, html, messageId, unsubscribeUrl } = mail;
  if (!addressSchema.safeParse(to.address).success) throw new MailRefusal("the address is not well formed");
  return {
    from,
    // An object, and an envelope of its own: a text would be parsed, and could name others.
    to: { name: toHeaderText(to.name), address: to.address },
    envelope: { from: from.address, to: [to.address] },
    subject: toHeaderText(subject),
    text,
    html,
    messageId,
    headers: {
      // Nobody's out-of-office shall answer (RFC 3834).
      "Auto-Submitted": "auto-generated",
      // RFC 8058: one click, no page.
      ...(unsubscribeUrl === null
        ? {}
        : { "List-Unsubscribe": `<${unsubscribeUrl}>`, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" }),
    },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** `Automna <hello@automna.ai>` or a bare address. Throws for anything else. */
export function parseSender(text: string): { name: string; address: string } {
  const match = /^(?:([^<>]*)<([^<>]+)>|([^<>\s]+))$/.exec(text.trim());
  const address = addressSchema.parse((match?.[2] ?? match?.[3] ?? "").trim());
  return { name: toHeaderText(match?.[1] ?? ""), address };
}
