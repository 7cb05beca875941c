import type { BalanceTransactionRecord, DisputeRecord, InvoiceRecord, RefundRecord } from "./records.ts";
import type { Wire } from "./wire-catalogue.ts";
import { dueOf } from "./wire-invoice.ts";

export function refundWire({ id, amount, metadata, created, paymentIntentId }: RefundRecord): Wire {
  return {
    id,
    object: "refund",
    amount,
    charge: chargeIdOf(paymentIntentId),
    created,
    currency: "usd",
    metadata,
    payment_intent: paymentIntentId,
    reason: null,
    status: "succeeded",
  };
}

export function disputeWire({ id, amount, status, created, paymentIntentId }: DisputeRecord): Wire {
  return {
    id,
    object: "dispute",
    amount,
    charge: chargeIdOf(paymentIntentId),
    created,
    currency: "usd",
    metadata: {},
    payment_intent: paymentIntentId,
    reason: "fraudulent",
    status,
  };
}

/** The charge that a refund's event shows. */
export function refundedChargeWire(invoice: InvoiceRecord, paymentIntentId: string): Wire {
  const amount = dueOf(invoice);
  return {
    id: chargeIdOf(paymentIntentId),
    object: "charge",
    amount,
    amount_refunded: invoice.refunded,
    currency: "usd",
    customer: invoice.customerId,
    metadata: {},
    payment_intent: paymentIntentId,
    refunded: invoice.refunded === amount,
    status: "succeeded",
  };
}

export function invoicePaymentWire(invoice: InvoiceRecord): Wire {
  return {
    id: `inpay_${invoice.id.slice(3)}`,
    object: "invoice_payment",
    amount_paid: dueOf(invoice),
    amount_requested: dueOf(invoice),
    created: invoice.created,
    currency: "usd",
    invoice: invoice.id,
    is_default: true,
    livemode: false,
    payment: { payment_intent: invoice.paymentIntentId, type: "payment_intent" },
    status: "paid",
    status_transitions: { canceled_at: null, paid_at: invoice.paidAt },
  };
}

export function balanceTransactionWire(transaction: BalanceTransactionRecord): Wire {
  const { id, customerId, amount, endingBalance, description, metadata, created } = transaction;
  return {
    id,
    object: "customer_balance_transaction",
    amount,
    checkout_session: null,
    created,
    credit_note: null,
    currency: "usd",
    customer: customerId,
    customer_account: null,
    description,
    ending_balance: endingBalance,
    invoice: null,
    livemode: false,
    metadata,
    type: "adjustment",
  };
}

function chargeIdOf(paymentIntentId: string): string {
  return paymentIntentId.replace(/^pi_/, "ch_");
}
