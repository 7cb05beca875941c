import { appError } from "@automna/contract/error-catalogue";
import type { Stripe } from "stripe";
import type { ActionExecutor } from "./action.ts";

/**
 * Pays a part of an invoice back through Stripe. What follows for the ledger comes by Stripe's own event, on the way that
 * a refund made in Stripe's dashboard takes too.
 */
export const executeRefund: ActionExecutor<"refund"> = async (
  { db, stripe },
  { actionId, userId, finish },
  { invoiceId, amountCents },
) => {
  if (stripe === null) throw appError("billing_unavailable");
  await assertOwnInvoice(stripe, invoiceId, await customerOf(db, userId));
  const refund = await createRefund(stripe, {
    payment_intent: await paymentOf(stripe, invoiceId),
    amount: amountCents,
    reason: "requested_by_customer",
    metadata: { userId, invoice: invoiceId, operatorAction: actionId },
  });
  await finish(db, { refundId: refund.id, refundedCents: refund.amount });
};

async function customerOf(db: Parameters<ActionExecutor<"refund">>[0]["db"], userId: string): Promise<string> {
  const known = await db.billingCustomer.findUnique({ where: { userId }, select: { customerId: true } });
  if (known === null) throw appError("payment_not_found");
  return known.customerId;
}

/** Throws `payment_not_found` for an invoice of somebody else, in the words used for one that is not there. */
async function assertOwnInvoice(stripe: Stripe, invoiceId: string, customerId: string): Promise<void> {
  const invoice = await stripe.invoices.retrieve(invoiceId).catch((error: unknown) => {
    throw isStripeError(error, "resource_missing") ? appError("payment_not_found") : error;
  });
  const owner = typeof invoice.customer === "string" ? invoice.customer : invoice.customer?.id;
  if (owner !== customerId) throw appError("payment_not_found");
}

/** The card payment that settled an invoice. Throws `payment_not_found` for one that no card paid. */
async function paymentOf(stripe: Stripe, invoiceId: string): Promise<string> {
  const { data } = await stripe.invoicePayments.list({ invoice: invoiceId, status: "paid" });
  const intent = data[0]?.payment.payment_intent;
  const id = typeof intent === "string" ? intent : intent?.id;
  if (id === undefined) throw appError("payment_not_found");
  return id;
}

async function createRefund(stripe: Stripe, params: Stripe.RefundCreateParams): Promise<Stripe.Refund> {
  try {
    // The action's id: the same intent, tried again after whatever happened, pays back once.
    const idempotencyKey = `operator-refund/${String(params.metadata && params.metadata["operatorAction"])}`;
    return await stripe.refunds.create(params, { idempotencyKey });
  } catch (error) {
    // https://docs.stripe.com/error-codes: all of it went back already, or this is more than what is left.
    if (isStripeError(error, "charge_already_refunded") || isStripeError(error, "amount_too_large"))
      throw appError("refund_too_large", { cause: error });
    throw error;
  }
}

function isStripeError(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
