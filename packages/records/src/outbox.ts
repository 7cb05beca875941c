import type { Transaction } from "./database.ts";

/** What others hear of (mails first of all), with what they need to know about it. Times in ms since the epoch. */
export interface OutboxData {
  /** A payment failed; the agent is put to sleep then. */
  "billing.payment_failed": { tier: string | null; sleepAtMs: number };
  /** `why`: payment_failed or plan_ended. The data is deleted then. */
  "billing.put_to_sleep": { why: string; deleteAtMs: number };
  /** The deletion is near. */
  "billing.delete_due": { deleteAtMs: number };
  /** The time is over: the agent and its data are deleted. */
  "billing.expired": Record<string, never>;
  /** Paid again. */
  "billing.restored": { tier: string | null };
  "account.deletion_requested": { eraseAtMs: number };
  "account.deletion_cancelled": Record<string, never>;
}

export type OutboxType = keyof OutboxData;

export interface OutboxNews<Type extends OutboxType = OutboxType> {
  /** Made from the cause: the same cause again is no news. */
  key: string;
  type: Type;
  userId: string;
  data: OutboxData[Type];
  at: Date;
}

/** Writes down what others should hear of, if and only if the transaction commits; once for each key. */
export async function appendOutbox<Type extends OutboxType>(tx: Transaction, news: OutboxNews<Type>): Promise<void> {
  await tx.outboxEvent.createMany({ data: [news], skipDuplicates: true });
}
