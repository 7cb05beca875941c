import { linkCustomer } from "@automna/records/billing";
import type { Database } from "@automna/records/database";
import type { Stripe } from "stripe";
import { USER_ID_FIELD } from "./fetch-subscription.ts";

/** The user's Stripe customer, made on first use; two calls at once end with one (the key makes them one at Stripe). */
export async function ensureCustomer(db: Database, stripe: Stripe, userId: string): Promise<string> {
  const known = await db.billingCustomer.findUnique({ where: { userId } });
  if (known !== null) return known.customerId;
  const user = await db.user.findUniqueOrThrow({ where: { id: userId } });
  // Without the profile, which may change between two tries: the same key must come with the same call.
  const customer = await stripe.customers.create(
    { metadata: { [USER_ID_FIELD]: userId } },
    { idempotencyKey: `customer/${userId}` },
  );
  const customerId = await linkCustomer(db, userId, customer.id);
  await stripe.customers.update(customerId, { email: user.email, ...(user.name === "" ? {} : { name: user.name }) });
  return customerId;
}

/** Where an invoice credit's own key stands in the metadata of the balance transaction. */
const CREDIT_KEY_FIELD = "automnaKey";

/**
 * Takes `amountCents` off the user's next invoices, once per key, e.g. for a referral. Stripe forgets idempotency keys
 * after a day, so that the balance is looked through first.
 */
export async function creditInvoices(
  { db, stripe }: { db: Database; stripe: Stripe },
  { userId, amountCents, key, description }: { userId: string; amountCents: number; key: string; description: string },
): Promise<void> {
  const customerId = await ensureCustomer(db, stripe, userId);
  for await (const { metadata } of stripe.customers.listBalanceTransactions(customerId, { limit: 100 }))
    if (metadata?.[CREDIT_KEY_FIELD] === key) return;
  await stripe.customers.createBalanceTransaction(
    customerId,
    // Negative = in the customer's favour.
    { amount: -amountCents, currency: "usd", description, metadata: { [CREDIT_KEY_FIELD]: key } },
    { idempotencyKey: `invoice-credit/${key}` },
  );
}
