import type { InvoiceLine, InvoiceRecord } from "./records.ts";
import { need, type StripeState } from "./state.ts";
import { list } from "./wire-billing.ts";
import type { Wire } from "./wire-catalogue.ts";

export function subtotalOf({ lines }: Pick<InvoiceRecord, "lines">): number {
  return lines.reduce((sum, { amount }) => sum + amount, 0);
}

export function totalOf(invoice: Pick<InvoiceRecord, "lines" | "discounted">): number {
  return subtotalOf(invoice) - invoice.discounted;
}

/** What the card is charged. */
export function dueOf(invoice: Pick<InvoiceRecord, "lines" | "discounted" | "balanceUsed">): number {
  return Math.max(0, totalOf(invoice) - invoice.balanceUsed);
}

export function invoiceWire(state: StripeState, invoice: InvoiceRecord, isPreview = false): Wire {
  const customer = state.customers.get(invoice.customerId);
  const { id, subscriptionId, status, created } = invoice;
  const isPaid = status === "paid";
  const due = dueOf(invoice);
  const first = invoice.lines[0];
  const discount = subscriptionId === null ? null : (state.subscriptions.get(subscriptionId)?.discount ?? null);
  return {
    id,
    object: "invoice",
    account_country: "US",
    account_name: "Automna",
    account_tax_ids: null,
    amount_due: due,
    amount_overpaid: 0,
    amount_paid: isPaid ? due : 0,
    amount_remaining: isPaid ? 0 : due,
    amount_shipping: 0,
    application: null,
    attempt_count: invoice.attempts,
    attempted: invoice.attempts > 0,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
    automatically_finalizes_at: null,
    billing_reason: isPreview ? "upcoming" : invoice.reason,
    collection_method: "charge_automatically",
    created,
    currency: "usd",
    custom_fields: null,
    customer: invoice.customerId,
    customer_account: null,
    customer_address: null,
    customer_email: customer?.email ?? null,
    customer_name: customer?.name ?? null,
    customer_phone: null,
    customer_shipping: null,
    customer_tax_exempt: "none",
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: discount === null || invoice.discounted === 0 ? [] : [discount.id],
    due_date: null,
    effective_at: created,
    ending_balance: customer?.balance ?? 0,
    footer: null,
    from_invoice: null,
    hosted_invoice_url: `${state.baseUrl()}/invoices/${id}`,
    invoice_pdf: `${state.baseUrl()}/invoices/${id}/pdf`,
    issuer: { type: "self" },
    last_finalization_error: null,
    latest_revision: null,
    lines: list(
      `/v1/invoices/${id}/lines`,
      invoice.lines.map((line) => lineWire(state, invoice, line)),
    ),
    livemode: false,
    metadata: invoice.metadata,
    next_payment_attempt: invoice.nextAttempt,
    number: isPreview || status === "draft" ? null : id.slice(-8).toUpperCase(),
    on_behalf_of: null,
    parent:
      subscriptionId === null
        ? null
        : {
            quote_details: null,
            subscription_details: {
              metadata: state.subscriptions.get(subscriptionId)?.metadata ?? null,
              subscription: subscriptionId,
            },
            type: "subscription_details",
          },
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    period_end: first?.end ?? created,
    period_start: first?.start ?? created,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    starting_balance: (customer?.balance ?? 0) - invoice.balanceUsed,
    statement_descriptor: null,
    status,
    status_transitions: {
      finalized_at: status === "draft" ? null : created,
      marked_uncollectible_at: null,
      paid_at: invoice.paidAt,
      voided_at: null,
    },
    subtotal: subtotalOf(invoice),
    subtotal_excluding_tax: subtotalOf(invoice),
    test_clock: null,
    total: totalOf(invoice),
    total_discount_amounts:
      discount === null || invoice.discounted === 0 ? [] : [{ amount: invoice.discounted, discount: discount.id }],
    total_excluding_tax: totalOf(invoice),
    total_pretax_credit_amounts: null,
    total_taxes: null,
    webhooks_delivered_at: null,
  };
}

export function lineWire(state: StripeState, invoice: InvoiceRecord, line: InvoiceLine): Wire {
  const price = need(state.prices, "price", line.priceId);
  return {
    id: line.id,
    object: "line_item",
    amount: line.amount,
    currency: price.currency,
    description: line.description,
    discount_amounts: null,
    discountable: !line.isProration,
    discounts: [],
    invoice: invoice.id,
    livemode: false,
    metadata: {},
    parent:
      invoice.subscriptionId === null
        ? null
        : {
            invoice_item_details: null,
            subscription_item_details: {
              invoice_item: null,
              proration: line.isProration,
              proration_details: null,
              subscription: invoice.subscriptionId,
              subscription_item: state.subscriptions.get(invoice.subscriptionId)?.items[0]?.id ?? "",
            },
            type: "subscription_item_details",
          },
    period: { end: line.end, start: line.start },
    pretax_credit_amounts: null,
    pricing: {
      price_details: { price: price.id, product: price.productId },
      type: "price_details",
      unit_amount_decimal: String(price.unitAmount),
    },
    quantity: line.quantity,
    quantity_decimal: String(line.quantity),
    subscription: invoice.subscriptionId,
    subtotal: line.amount,
    taxes: [],
  };
}
