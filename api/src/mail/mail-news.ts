import { mailCatalogue, type MailData, type MailTemplate } from "@automna/contract/mail";
import type { Clock } from "@automna/core/shared/clock";
import { transactionLimits, type Database } from "@automna/records/database";
import { enqueueMail } from "@automna/records/mails";
import type { OutboxData, OutboxType } from "@automna/records/outbox";

type MailOf = {
  [Type in OutboxType]: (data: OutboxData[Type]) => { template: MailTemplate; data: MailData<MailTemplate> };
};

const mail = <Template extends MailTemplate>(template: Template, data: MailData<Template>) => ({ template, data });

/** The mail of each piece of news. News without its mail does not compile. */
const mailOf: MailOf = {
  "billing.payment_failed": ({ sleepAtMs }) => mail("payment-failed", { graceEndsMs: sleepAtMs }),
  "billing.put_to_sleep": ({ why, deleteAtMs }) =>
    mail("put-to-sleep", { reason: why === "payment_failed" ? "unpaid" : "ended", keptUntilMs: deleteAtMs }),
  "billing.delete_due": ({ deleteAtMs }) => mail("delete-due", { deleteAtMs }),
  "billing.expired": () => mail("expired", {}),
  "billing.restored": () => mail("restored", {}),
  "account.deletion_requested": ({ eraseAtMs }) => mail("account-deletion", { eraseAtMs }),
  "account.deletion_cancelled": () => mail("account-kept", {}),
};

const BATCH = 100;

/** Writes the mail of every piece of news that nobody was told of. Several workers may do so at once. */
export async function mailNews(db: Database, now: Clock): Promise<number> {
  let count = 0;
  for (;;) {
    const news = await db.outboxEvent.findMany({ where: { toldAt: null }, orderBy: { id: "asc" }, take: BATCH });
    for (const { id, key, type, userId, data } of news) {
      await db.$transaction(async (tx) => {
        const { template, data: mailData } = toMail(type, data);
        await enqueueMail(tx, { key, template, to: { userId }, data: mailData });
        await tx.outboxEvent.update({ where: { id }, data: { toldAt: new Date(now()) } });
      }, transactionLimits);
    }
    count += news.length;
    if (news.length < BATCH) return count;
  }
}

function toMail(type: string, data: unknown): { template: MailTemplate; data: MailData<MailTemplate> } {
  if (!Object.hasOwn(mailOf, type)) throw new Error(`there is no mail for the news ${type}`);
  // Type and data were written together (records/outbox); what comes out is checked against the template.
  const make = mailOf[type as OutboxType] as (data: unknown) => ReturnType<MailOf[OutboxType]>;
  const made = make(data);
  mailCatalogue[made.template].parse(made.data);
  return made;
}
