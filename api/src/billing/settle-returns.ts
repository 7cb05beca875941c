import { creditsToTakeBack, isMoneyGone } from "@automna/core/billing/invoice-credits";
import { appendAudit } from "@automna/records/audit";
import { takeBackCredits } from "@automna/records/credits/credits";
import type { Transaction } from "@automna/records/database";
import type { PaidInvoiceRecord } from "@automna/records/paid-invoices";
import type { Stripe } from "stripe";
import { lockStripeObject } from "./billing-lock.ts";
import { idOf } from "./fetch-subscription.ts";
import { settleInvoice, type SettleInvoiceDeps } from "./settle-invoice.ts";

export interface SettleReturnsDeps extends SettleInvoiceDeps {
  stripe: Pick<Stripe, "invoices" | "invoicePayments" | "refunds" | "disputes">;
}

/**
 * Brings the credits of a payment in line with the money of it that went back, by refund or dispute. What was spent of
 * them already becomes a debt. Answers the invoice when there was something to change.
 */
export async function settleReturns(
  tx: Transaction,
  deps: SettleReturnsDeps,
  paymentIntentId: string,
): Promise<PaidInvoiceRecord | null> {
  await lockStripeObject(tx, paymentIntentId);
  const payment = { payment_intent: paymentIntentId, type: "payment_intent" };
  const [paid] = (await deps.stripe.invoicePayments.list({ payment })).data;
  if (paid === undefined) return null;
  const invoice = await settleInvoice(tx, deps, idOf(paid.invoice));
  if (invoice === null) return null;
  const returnedCents = await returnedOf(deps, paymentIntentId);
  if (returnedCents === invoice.returnedCents) return null;
  const { id, userId, grantKey, amountCents } = invoice;
  const credits = creditsToTakeBack(invoice.credits, { amountCents, returnedCents });
  if (invoice.credits > 0) await takeBackCredits(deps.pool, { userId, key: grantKey, credits }, deps.now());
  await appendAudit(tx, { userId, action: "billing.money_returned", subject: id, data: { returnedCents, credits } });
  return tx.paidInvoice.update({ where: { id }, data: { returnedCents } });
}

/** Cents of a payment that are not with us any more. */
async function returnedOf({ stripe }: SettleReturnsDeps, paymentIntentId: string): Promise<number> {
  const refunds = await stripe.refunds.list({ payment_intent: paymentIntentId, limit: 100 });
  const disputes = await stripe.disputes.list({ payment_intent: paymentIntentId, limit: 100 });
  const refunded = refunds.data.filter(({ status }) => status !== "failed" && status !== "canceled");
  const disputed = disputes.data.filter(({ status }) => isMoneyGone(status));
  return [...refunded, ...disputed].reduce((sum, { amount }) => sum + amount, 0);
}
