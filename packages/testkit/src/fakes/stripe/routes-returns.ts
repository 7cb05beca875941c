import { page, type StripeRoutes } from "./answer.ts";
import { formOf, integerOf, metadataOf, needText, textOf } from "./form.ts";
import { refundInvoice } from "./returns.ts";
import { need, newStripeId, type StripeState } from "./state.ts";
import { missing, StripeFailure } from "./stripe-failure.ts";
import { customerWire } from "./wire-catalogue.ts";
import { balanceTransactionWire, disputeWire, invoicePaymentWire, refundWire } from "./wire-returns.ts";

/** Money that goes back: refunds, disputes, what an invoice was paid with, and credit on a customer's balance. */
export const returnRoutes: StripeRoutes = {
  "POST /v1/refunds": ({ state, form }) => {
    const paymentIntent = needText(form, "payment_intent");
    const invoice = [...state.invoices.values()].find(({ paymentIntentId }) => paymentIntentId === paymentIntent);
    if (invoice === undefined) throw missing("payment_intent", paymentIntent, "payment_intent");
    return refundWire(
      refundInvoice(state, invoice, { amount: integerOf(form, "amount") ?? undefined, metadata: metadataOf(form) }),
    );
  },
  "GET /v1/refunds": ({ state, form }) =>
    page(form, "/v1/refunds", ofPayment(state.refunds.values(), textOf(form, "payment_intent"), form), refundWire),
  "GET /v1/disputes": ({ state, form }) =>
    page(form, "/v1/disputes", ofPayment(state.disputes.values(), textOf(form, "payment_intent"), form), disputeWire),
  "GET /v1/invoice_payments": ({ state, form }) => {
    const [paymentIntent, invoiceId] = [textOf(formOf(form, "payment"), "payment_intent"), textOf(form, "invoice")];
    const found = [...state.invoices.values()].filter(
      ({ id, paymentIntentId }) =>
        paymentIntentId !== null &&
        (paymentIntent === null || paymentIntentId === paymentIntent) &&
        (invoiceId === null || id === invoiceId),
    );
    return page(form, "/v1/invoice_payments", found, invoicePaymentWire);
  },

  "POST /v1/customers/:id/balance_transactions": ({ state, params, form }) => {
    const customer = need(state.customers, "customer", params["id"] ?? "");
    const amount = integerOf(form, "amount");
    if (amount === null || amount === 0) throw new StripeFailure(400, "Invalid amount.", { param: "amount" });
    customer.balance += amount;
    const transaction = {
      id: newStripeId("cbtxn"),
      customerId: customer.id,
      amount,
      endingBalance: customer.balance,
      description: textOf(form, "description"),
      metadata: metadataOf(form),
      created: state.nowS(),
    };
    state.balanceTransactions.set(transaction.id, transaction);
    state.emit("customer.updated", customerWire(customer));
    return balanceTransactionWire(transaction);
  },
  "GET /v1/customers/:id/balance_transactions": ({ state, params, form }) =>
    page(
      form,
      `/v1/customers/${params["id"] ?? ""}/balance_transactions`,
      [...state.balanceTransactions.values()].filter(({ customerId }) => customerId === params["id"]),
      balanceTransactionWire,
    ),

  // Both ends are whole minutes: https://docs.stripe.com/api/billing/meter-event-summary/list
  "GET /v1/billing/meters/:id/event_summaries": ({ state, params, form }) => {
    const meter = need(state.meters, "billing.meter", params["id"] ?? "");
    const [customerId, start, end] = [
      needText(form, "customer"),
      integerOf(form, "start_time"),
      integerOf(form, "end_time"),
    ];
    if (start === null || end === null || start % 60 !== 0 || end % 60 !== 0)
      throw new StripeFailure(400, "start_time and end_time must align with minute boundaries.");
    const summary = {
      id: newStripeId("mtrusg"),
      created: start,
      value: sumOfEvents(
        state,
        { eventName: meter.eventName, customerKey: meter.customerKey, valueKey: meter.valueKey },
        { customerId, start, end },
      ),
    };
    return page(form, `/v1/billing/meters/${meter.id}/event_summaries`, [summary], ({ id, value }) => ({
      id,
      object: "billing.meter_event_summary",
      aggregated_value: value,
      end_time: end,
      livemode: false,
      meter: meter.id,
      start_time: start,
    }));
  },
};

function ofPayment<Item extends { paymentIntentId: string; created: number }>(
  items: Iterable<Item>,
  paymentIntent: string | null,
  form: Parameters<StripeRoutes[string]>[0]["form"],
): Item[] {
  const since = integerOf(formOf(form, "created"), "gte");
  return [...items].filter(
    (item) =>
      (paymentIntent === null || item.paymentIntentId === paymentIntent) && (since === null || item.created >= since),
  );
}

function sumOfEvents(
  state: StripeState,
  meter: { eventName: string; customerKey: string; valueKey: string },
  { customerId, start, end }: { customerId: string; start: number; end: number },
): number {
  return [...state.meterEvents.values()]
    .filter(
      ({ eventName, payload, timestamp }) =>
        eventName === meter.eventName &&
        payload[meter.customerKey] === customerId &&
        timestamp >= start &&
        timestamp < end,
    )
    .reduce((sum, { payload }) => sum + Number(payload[meter.valueKey] ?? 0), 0);
}
