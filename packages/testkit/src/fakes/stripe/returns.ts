import type { DisputeRecord, InvoiceRecord, Metadata, RefundRecord } from "./records.ts";
import { need, newStripeId, type StripeState } from "./state.ts";
import { StripeFailure } from "./stripe-failure.ts";
import { disputeWire, refundedChargeWire, refundWire } from "./wire-returns.ts";
import { dueOf } from "./wire-invoice.ts";

/** Pays back what an invoice charged, or a part of it. */
export function refundInvoice(
  state: StripeState,
  invoice: InvoiceRecord,
  {
    amount = dueOf(invoice) - invoice.refunded,
    metadata = {},
  }: { amount?: number | undefined; metadata?: Metadata } = {},
): RefundRecord {
  const { paymentIntentId } = invoice;
  if (paymentIntentId === null || amount <= 0 || invoice.refunded + amount > dueOf(invoice))
    throw new StripeFailure(400, "Refund amount is greater than what was charged.", {
      code: "charge_already_refunded",
      param: "amount",
    });
  invoice.refunded += amount;
  const refund = {
    id: newStripeId("re"),
    invoiceId: invoice.id,
    paymentIntentId,
    amount,
    metadata,
    created: state.nowS(),
  };
  state.refunds.set(refund.id, refund);
  state.emit("refund.created", refundWire(refund));
  state.emit("charge.refunded", refundedChargeWire(invoice, paymentIntentId));
  return refund;
}

/** The customer's bank takes the money back until the dispute is decided. */
export function disputeInvoice(state: StripeState, invoiceId: string): DisputeRecord {
  const invoice = need(state.invoices, "invoice", invoiceId);
  if (invoice.paymentIntentId === null) throw new Error(`invoice ${invoiceId} charged no card`);
  const dispute: DisputeRecord = {
    id: newStripeId("du"),
    invoiceId,
    paymentIntentId: invoice.paymentIntentId,
    amount: dueOf(invoice) - invoice.refunded,
    status: "needs_response",
    created: state.nowS(),
  };
  state.disputes.set(dispute.id, dispute);
  state.emit("charge.dispute.created", disputeWire(dispute));
  return dispute;
}

export function decideDispute(state: StripeState, disputeId: string, status: "won" | "lost"): void {
  const dispute = need(state.disputes, "dispute", disputeId);
  dispute.status = status;
  state.emit("charge.dispute.closed", disputeWire(dispute));
}
