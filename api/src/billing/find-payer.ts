import { AppError } from "@automna/core/shared/app-error";
import { linkCustomer } from "@automna/records/billing";
import type { Database, Transaction } from "@automna/records/database";

export interface NamedPayer {
  namedUserId: string | null;
  customerId: string;
}

/** As findPayer, and writes nothing. */
export async function findNamedUser(
  db: Database | Transaction,
  { namedUserId, customerId }: NamedPayer,
): Promise<string | null> {
  const userId = namedUserId ?? (await db.billingCustomer.findUnique({ where: { customerId } }))?.userId ?? null;
  if (userId === null) return null;
  const user = await db.user.findUnique({ where: { id: userId }, select: { id: true } });
  return user?.id ?? null;
}

/**
 * The user that something of Stripe's belongs to, by the id that it names or by its customer. Null = of another product on
 * the same Stripe account, or of a user who is not known: nothing of ours.
 */
export async function findPayer(tx: Transaction, named: NamedPayer): Promise<string | null> {
  const { customerId } = named;
  const userId = await findNamedUser(tx, named);
  if (userId === null) return null;
  if ((await linkCustomer(tx, userId, customerId)) !== customerId)
    throw new AppError("customer_mismatch", "bug", "something of Stripe's names a user of another Stripe customer");
  return userId;
}
