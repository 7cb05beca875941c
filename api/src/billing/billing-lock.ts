import type { Transaction } from "@automna/records/database";

/**
 * Waits until nobody else looks at the same thing of Stripe's, until the transaction's end. What was fetched first must
 * not be written last.
 */
export async function lockStripeObject(tx: Transaction, id: string): Promise<void> {
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`stripe/${id}`}, 0))::text`;
}
