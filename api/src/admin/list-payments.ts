import type { customerPaymentsSchema } from "@automna/contract/admin";
import type { Database } from "@automna/records/database";
import type { Stripe } from "stripe";
import type { z } from "zod";

const MOST = 24;

/** What a customer paid, newest first, as Stripe has it; nothing for who never bought anything. */
export async function listPayments(
  db: Database,
  stripe: Stripe | null,
  userId: string,
): Promise<z.infer<typeof customerPaymentsSchema>> {
  const known = await db.billingCustomer.findUnique({ where: { userId }, select: { customerId: true } });
  if (stripe === null || known === null) return { payments: [] };
  const { data } = await stripe.invoices.list({ customer: known.customerId, status: "paid", limit: MOST });
  const payments = data.flatMap(({ id, number, created, amount_paid: paidCents, currency }) =>
    id === undefined || paidCents === 0 ? [] : [{ invoiceId: id, number, atMs: created * 1_000, paidCents, currency }],
  );
  return { payments };
}
