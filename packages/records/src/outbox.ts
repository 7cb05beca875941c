import { z } from "zod";
import type { Transaction } from "./database.ts";

/** What others hear of (mails first of all), with what they need to know about it. Times in ms since the epoch. */
export const outboxCatalogue = {
  /** A payment failed; the agent is put to sleep then. */
  "billing.payment_failed": z.object({ tier: z.string().nullable(), sleepAtMs: z.number() }),
  /** `why`: payment_failed or plan_ended. The data is deleted then. */
  "billing.put_to_sleep": z.object({ why: z.string(), deleteAtMs: z.number() }),
  /** The deletion is near. */
  "billing.delete_due": z.object({ deleteAtMs: z.number() }),
  /** The time is over: the agent and its data are deleted. */
  "billing.expired": z.object({}),
  /** Paid again. */
  "billing.restored": z.object({ tier: z.string().nullable() }),
  "account.deletion_requested": z.object({ eraseAtMs: z.number() }),
  "account.deletion_cancelled": z.object({}),
} as const;

export type OutboxType = keyof typeof outboxCatalogue;

export interface OutboxNews<Type extends OutboxType = OutboxType> {
  /** Made from the cause: the same cause again is no news. */
  key: string;
  type: Type;
  userId: string;
  data: z.input<(typeof outboxCatalogue)[Type]>;
  at: Date;
}

/** Writes down what others should hear of, if and only if the transaction commits; once for each key. */
export async function appendOutbox<Type extends OutboxType>(tx: Transaction, news: OutboxNews<Type>): Promise<void> {
  await tx.outboxEvent.createMany({ data: [news], skipDuplicates: true });
}
