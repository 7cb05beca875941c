import type { Dunning, DunningEvent } from "@automna/core/billing/dunning";
import type { Transaction } from "./database.ts";
import { enqueueMail } from "./mails.ts";

export interface DunningNews {
  userId: string;
  event: DunningEvent;
  before: Dunning;
  after: Dunning;
  now: Date;
}

/** The mail that goes with a step of dunning, in the step's transaction. */
export async function enqueueDunningMail(
  tx: Transaction,
  { userId, event, before, after, now }: DunningNews,
): Promise<void> {
  const mail = { key: `${event}/${userId}/${now.toISOString()}`, to: { userId } };
  const deadlineMs = after.deadlineMs ?? now.getTime();
  switch (event) {
    case "billing.grace_started":
      return enqueueMail(tx, { ...mail, template: "payment-failed", data: { graceEndsMs: deadlineMs } });
    case "billing.put_to_sleep": {
      const reason = before.state === "grace" ? "unpaid" : "ended";
      return enqueueMail(tx, { ...mail, template: "put-to-sleep", data: { reason, keptUntilMs: deadlineMs } });
    }
    case "billing.expired":
      return enqueueMail(tx, { ...mail, template: "delete-due", data: {} });
    case "billing.restored":
      return enqueueMail(tx, { ...mail, template: "restored", data: {} });
  }
}
