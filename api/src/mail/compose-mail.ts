import { createHash } from "node:crypto";
import { mailCatalogue, mailTemplates, type MailTemplate } from "@automna/contract/mail";
import type { Clock } from "@automna/core/shared/clock";
import type { Database } from "@automna/records/database";
import type { MailRecord } from "@automna/records/mails";
import type { KeyRing } from "@automna/service-kit/secret-box";
import { waitlistLinks } from "../waitlist/waitlist-links.ts";
import { toHtml, toText, type MailContent } from "./mail-content.ts";
import { MailRefusal, type OutgoingMail } from "./mail-port.ts";
import { mailTexts, type MailContext } from "./mail-templates.ts";

export interface ComposeDeps {
  db: Database;
  origin: string;
  /** Signs the links. */
  keyRing: KeyRing;
  /** Right-hand side of message ids: the sender's domain. */
  domain: string;
  now: Clock;
}

/** An account's address that is not known yet; it will be within days, or never. */
class AddressUnknown extends Error {
  override name = "AddressUnknown";
}

/** Writes a mail of the outbox. Throws MailRefusal when nobody can get it. */
export async function composeMail(deps: ComposeDeps, mail: MailRecord): Promise<OutgoingMail> {
  const to = await findRecipient(deps.db, mail);
  const context: MailContext = {
    origin: deps.origin,
    waitlistLinks: (entryId) => waitlistLinks(deps, entryId, deps.now()),
    feedback: await findFeedback(deps.db, mail),
  };
  const content = writeMail(toTemplate(mail.template), mail.data, context);
  return {
    to,
    subject: content.subject,
    text: toText(content),
    html: toHtml(content),
    messageId: `<${createHash("sha256").update(mail.key).digest("hex").slice(0, 40)}@${deps.domain}>`,
    unsubscribeUrl: content.unsubscribeUrl,
  };
}

/** The words of a template over its data. Throws MailRefusal for data of another form. */
export function writeMail(template: MailTemplate, data: unknown, context: MailContext): MailContent {
  const parsed = mailCatalogue[template].safeParse(data);
  if (!parsed.success) throw new MailRefusal(`the data of ${template} is not of its form`);
  // Template and data belong together by the lookup above; over all templates at once the type system can't follow that.
  const write = mailTexts[template] as (data: unknown, context: MailContext) => MailContent;
  return write(parsed.data, context);
}

async function findRecipient(db: Database, { userId, address }: MailRecord): Promise<OutgoingMail["to"]> {
  if (address !== null) return { name: "", address };
  const user = userId === null ? null : await db.user.findUnique({ where: { id: userId } });
  if (user === null || user.state === "deleted") throw new MailRefusal("there is no such account any more");
  if (user.email.endsWith(".invalid")) throw new AddressUnknown("the account's address is not known yet");
  return { name: user.name, address: user.email };
}

async function findFeedback(db: Database, { template, data }: MailRecord): Promise<MailContext["feedback"]> {
  if (template !== "feedback") return null;
  const { feedbackId } = mailCatalogue.feedback.parse(data);
  const found = await db.feedback.findUnique({ where: { id: feedbackId }, include: { user: true } });
  if (found === null) return null;
  const { kind, page, text, user } = found;
  return { kind, page, text, from: `${user.name} ${user.email} (${user.id})`.trim() };
}

function toTemplate(name: string): MailTemplate {
  const template = mailTemplates.find((known) => known === name);
  // Written by a newer version of ours: that one will send it.
  if (template === undefined) throw new Error(`the template ${name} is not known here`);
  return template;
}
