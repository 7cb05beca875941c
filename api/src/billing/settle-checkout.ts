import { appError } from "@automna/contract/error-catalogue";
import { transactionLimits, type Database } from "@automna/records/database";
import type { Stripe } from "stripe";
import { refreshSubscription, type RefreshDeps } from "./refresh-subscription.ts";

export type SettleCheckoutDeps = RefreshDeps & { db: Database; stripe: Stripe };

/**
 * Asks Stripe what has become of a customer's purchase and writes it down as its webhook would, for when that is late.
 * Throws `checkout_not_found` for anything but the customer's own.
 */
export async function settleCheckout(
  deps: SettleCheckoutDeps,
  { checkoutId, userId }: { checkoutId: string; userId: string },
): Promise<"open" | "expired" | "processing" | "done"> {
  const { db, stripe } = deps;
  const checkout = await stripe.checkout.sessions.retrieve(checkoutId).catch((cause: unknown) => {
    const isMissing = cause instanceof Error && "statusCode" in cause && cause.statusCode === 404;
    throw isMissing ? appError("checkout_not_found", { cause }) : cause;
  });
  if (checkout.client_reference_id !== userId) throw appError("checkout_not_found");
  if (checkout.status !== "complete") return checkout.status === "expired" ? "expired" : "open";
  const { subscription } = checkout;
  const subscriptionId = typeof subscription === "string" ? subscription : (subscription?.id ?? null);
  if (subscriptionId !== null)
    await db.$transaction((tx) => refreshSubscription(tx, deps, subscriptionId), transactionLimits);
  return checkout.payment_status === "unpaid" ? "processing" : "done";
}
