import { appError } from "@automna/contract/error-catalogue";
import type { Clock } from "@automna/core/shared/clock";
import { appendAudit } from "@automna/records/audit";
import type { Database } from "@automna/records/database";
import { retryMail } from "@automna/records/mails";
import type { Handlers } from "../http/routes.ts";

const SHOWN = 200;

/** The outbox for operators: what went out, what did not and why; never what is in it. */
export function makeMailAdmin({
  db,
  now,
}: {
  db: Database;
  now: Clock;
}): Pick<Handlers, "adminMails" | "adminRetryMail"> {
  return {
    async adminMails({ query: { state } }) {
      const rows = await db.mail.findMany({
        where: state === undefined ? {} : { state },
        orderBy: { createdAt: "desc" },
        take: SHOWN,
        omit: { data: true, address: true },
      });
      return { mails: rows.map(({ createdAt, ...mail }) => ({ ...mail, createdAtMs: createdAt.getTime() })) };
    },
    async adminRetryMail({ caller, body: { key } }) {
      if (!(await retryMail(db, key, new Date(now())))) throw appError("not_found");
      await appendAudit(db, { userId: caller.userId, action: "mail.retried", subject: key });
    },
  };
}
