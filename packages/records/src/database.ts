import type { PrismaClient } from "@automna/prisma/client";
import type { Prisma } from "@automna/prisma/generated/client";
import type { NotifyChannel, NotifyPayload } from "@automna/contract/events";

/** The platform's database, or a transaction on it. */
export type Database = PrismaClient;
export type Transaction = Prisma.TransactionClient;

/** Announces a change when (and only if) the transaction commits. */
export async function notify<Channel extends NotifyChannel>(
  tx: Transaction,
  channel: Channel,
  payload: NotifyPayload<Channel>,
): Promise<void> {
  await tx.$executeRaw`SELECT pg_notify(${channel}, ${JSON.stringify(payload)})`;
}

/** How long a transaction may wait for a connection and run, ms. */
export const transactionLimits = { maxWait: 5_000, timeout: 15_000 } as const;
