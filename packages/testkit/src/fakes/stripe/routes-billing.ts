import { page, type StripeCall, type StripeRoutes } from "./answer.ts";
import { addInterval, chargeInvoice, draftInvoice, endSubscription, periodLines } from "./billing.ts";
import { createCustomer } from "./checkouts.ts";
import { flagOf, formOf, integerOf, metadataOf, needText, textOf } from "./form.ts";
import type { CheckoutRecord, CustomerRecord, InvoiceLine, InvoiceRecord, SubscriptionRecord } from "./records.ts";
import { need, newStripeId, type StripeState } from "./state.ts";
import { missing, StripeFailure } from "./stripe-failure.ts";
import {
  discountOf,
  assertDiscountApplies,
  itemChangesOf,
  linesOf,
  prorationsOf,
  startSubscription,
  updateSubscription,
  type ItemChange,
} from "./subscriptions.ts";
import { checkoutWire, subscriptionWire, list } from "./wire-billing.ts";
import { invoiceWire, lineWire } from "./wire-invoice.ts";
import { customerWire } from "./wire-catalogue.ts";

const CHECKOUT_LIFE_S = 86_400;

/** Customers, checkout, subscriptions, invoices and the portal. */
export const billingRoutes: StripeRoutes = {
  "POST /v1/customers": ({ state, form }) =>
    customerWire(
      createCustomer(state, { email: textOf(form, "email"), name: textOf(form, "name"), metadata: metadataOf(form) }),
    ),
  "GET /v1/customers": ({ state, form }) => {
    const email = textOf(form, "email");
    return page(
      form,
      "/v1/customers",
      [...state.customers.values()].filter((item) => !item.isDeleted && (email === null || item.email === email)),
      customerWire,
    );
  },
  "GET /v1/customers/:id": (call) => customerWire(customerIn(call, true)),
  "POST /v1/customers/:id": (call) => {
    const customer = customerIn(call);
    customer.email = textOf(call.form, "email") ?? customer.email;
    customer.name = textOf(call.form, "name") ?? customer.name;
    customer.balance = integerOf(call.form, "balance") ?? customer.balance;
    customer.metadata = metadataOf(call.form, customer.metadata);
    call.state.emit("customer.updated", customerWire(customer));
    return customerWire(customer);
  },
  "DELETE /v1/customers/:id": (call) => {
    const customer = customerIn(call);
    for (const subscription of call.state.subscriptions.values()) {
      if (subscription.customerId === customer.id && subscription.endedAt === null)
        endSubscription(call.state, subscription);
    }
    const last = customerWire(customer);
    customer.isDeleted = true;
    call.state.emit("customer.deleted", last);
    return customerWire(customer);
  },

  "POST /v1/checkout/sessions": ({ state, form }) => {
    const mode = needText(form, "mode");
    if (mode !== "subscription" && mode !== "payment")
      throw new StripeFailure(400, `Invalid mode: ${mode}`, { param: "mode" });
    const customerId = textOf(form, "customer");
    const details = formOf(form, "subscription_data");
    const checkout: CheckoutRecord = {
      id: newStripeId("cs_test"),
      mode,
      customerId: customerId === null ? null : customerIn({ state, form, params: { id: customerId } }).id,
      customerEmail: textOf(form, "customer_email"),
      clientReferenceId: textOf(form, "client_reference_id"),
      lines: linesOf(state, form, "line_items"),
      successUrl: textOf(form, "success_url"),
      cancelUrl: textOf(form, "cancel_url"),
      metadata: metadataOf(form),
      subscriptionMetadata: metadataOf(details),
      invoiceMetadata: metadataOf(formOf(formOf(form, "invoice_creation"), "invoice_data")),
      trialDays: integerOf(details, "trial_period_days"),
      discount: discountOf(state, form),
      allowsPromotionCodes: flagOf(form, "allow_promotion_codes") ?? false,
      hasAutomaticTax: flagOf(formOf(form, "automatic_tax"), "enabled") ?? false,
      status: "open",
      subscriptionId: null,
      invoiceId: null,
      created: state.nowS(),
      expiresAt: state.nowS() + CHECKOUT_LIFE_S,
    };
    if (checkout.allowsPromotionCodes && checkout.discount !== null)
      throw new StripeFailure(400, "You may only specify one of these parameters: allow_promotion_codes, discounts.", {
        param: "allow_promotion_codes",
      });
    assertDiscountApplies(state, checkout);
    state.checkouts.set(checkout.id, checkout);
    return checkoutWire(state, checkout);
  },
  "GET /v1/checkout/sessions/:id": ({ state, params }) =>
    checkoutWire(state, need(state.checkouts, "checkout.session", params["id"] ?? "")),
  "GET /v1/checkout/sessions": ({ state, form }) => {
    const customerId = textOf(form, "customer");
    return page(
      form,
      "/v1/checkout/sessions",
      [...state.checkouts.values()].filter((item) => customerId === null || item.customerId === customerId),
      (item) => checkoutWire(state, item),
    );
  },
  "POST /v1/checkout/sessions/:id/expire": ({ state, params }) => {
    const checkout = need(state.checkouts, "checkout.session", params["id"] ?? "");
    if (checkout.status !== "open")
      throw new StripeFailure(400, 'Only Checkout Sessions with a status in ["open"] can be expired.');
    checkout.status = "expired";
    state.emit("checkout.session.expired", checkoutWire(state, checkout));
    return checkoutWire(state, checkout);
  },

  "POST /v1/subscriptions": ({ state, form }) =>
    subscriptionWire(
      state,
      startSubscription(state, {
        customerId: needText(form, "customer"),
        lines: linesOf(state, form, "items"),
        metadata: metadataOf(form),
        trialDays: integerOf(form, "trial_period_days"),
        discount: discountOf(state, form),
      }),
    ),
  "GET /v1/subscriptions": ({ state, form }) => {
    const [customerId, status] = [textOf(form, "customer"), textOf(form, "status")];
    const found = [...state.subscriptions.values()].filter(
      (item) => (customerId === null || item.customerId === customerId) && hasStatus(item, status),
    );
    return page(form, "/v1/subscriptions", found, (item) => subscriptionWire(state, item));
  },
  "GET /v1/subscriptions/:id": (call) => subscriptionWire(call.state, subscriptionIn(call)),
  "POST /v1/subscriptions/:id": (call) => {
    const subscription = subscriptionIn(call);
    updateSubscription(call.state, subscription, call.form);
    return subscriptionWire(call.state, subscription);
  },
  "DELETE /v1/subscriptions/:id": (call) => {
    const subscription = subscriptionIn(call);
    if (subscription.endedAt !== null) throw missing("subscription", subscription.id);
    endSubscription(call.state, subscription);
    return subscriptionWire(call.state, subscription);
  },

  "GET /v1/invoices": ({ state, form }) => {
    const [customerId, subscriptionId, status] = [
      textOf(form, "customer"),
      textOf(form, "subscription"),
      textOf(form, "status"),
    ];
    const found = [...state.invoices.values()].filter(
      (item) =>
        (customerId === null || item.customerId === customerId) &&
        (subscriptionId === null || item.subscriptionId === subscriptionId) &&
        (status === null || item.status === status) &&
        item.created >= (integerOf(formOf(form, "created"), "gte") ?? 0),
    );
    return page(form, "/v1/invoices", found, (item) => invoiceWire(state, item));
  },
  "GET /v1/invoices/:id": (call) => invoiceWire(call.state, invoiceIn(call)),
  "GET /v1/invoices/:id/lines": (call) => {
    const invoice = invoiceIn(call);
    return list(
      `/v1/invoices/${invoice.id}/lines`,
      invoice.lines.map((line) => lineWire(call.state, invoice, line)),
    );
  },
  "POST /v1/invoices/:id/pay": (call) => {
    const invoice = invoiceIn(call);
    if (invoice.status !== "open")
      throw new StripeFailure(400, "Invoice is already paid or void.", { code: "invoice_not_open" });
    if (!chargeInvoice(call.state, invoice))
      throw new StripeFailure(402, "Your card was declined.", { type: "card_error", code: "card_declined" });
    return invoiceWire(call.state, invoice);
  },
  "POST /v1/invoices/:id/void": (call) => {
    const invoice = invoiceIn(call);
    if (invoice.status !== "open") throw new StripeFailure(400, "You can only void open invoices.");
    invoice.status = "void";
    invoice.nextAttempt = null;
    call.state.emit("invoice.voided", invoiceWire(call.state, invoice));
    return invoiceWire(call.state, invoice);
  },
  "POST /v1/invoices/create_preview": ({ state, form }) => {
    const subscription = need(state.subscriptions, "subscription", needText(form, "subscription"), "subscription");
    const details = formOf(form, "subscription_details");
    const changes = itemChangesOf(state, subscription, details);
    const behavior = textOf(details, "proration_behavior") ?? "create_prorations";
    const atS = integerOf(details, "proration_date") ?? state.nowS();
    const prorations = behavior === "none" ? [] : prorationsOf(state, subscription, changes, atS);
    const lines =
      behavior === "always_invoice"
        ? [...subscription.pendingLines, ...prorations]
        : [...subscription.pendingLines, ...prorations, ...nextPeriodLines(state, subscription, changes)];
    return invoiceWire(
      state,
      draftInvoice(state, {
        customerId: subscription.customerId,
        subscriptionId: subscription.id,
        lines,
        reason: "subscription_update",
      }),
      true,
    );
  },

  "POST /v1/billing_portal/sessions": ({ state, form }) => {
    const id = newStripeId("bps");
    const customer = customerIn({ state, form, params: { id: needText(form, "customer") } });
    return {
      id,
      object: "billing_portal.session",
      configuration: "bpc_default",
      created: state.nowS(),
      customer: customer.id,
      customer_account: null,
      flow: null,
      livemode: false,
      locale: null,
      on_behalf_of: null,
      return_url: textOf(form, "return_url"),
      url: `${state.baseUrl()}/portal/${id}`,
    };
  },
};

/** What the next period's invoice charges, with the items as they would be by then. */
function nextPeriodLines(
  state: StripeState,
  subscription: SubscriptionRecord,
  changes: readonly ItemChange[],
): InvoiceLine[] {
  const { periodStart, periodEnd, anchor } = subscription;
  const next: SubscriptionRecord = {
    ...subscription,
    periodStart: periodEnd,
    periodEnd: addInterval(periodEnd, "month", anchor),
    items: subscription.items.map((item) => ({ ...item, ...changes.find(({ from }) => from === item)?.to })),
  };
  return periodLines(state, next, { from: periodStart, to: periodEnd });
}

function customerIn({ state, params }: StripeCall, allowsDeleted = false): CustomerRecord {
  const customer = need(state.customers, "customer", params["id"] ?? "");
  if (customer.isDeleted && !allowsDeleted) throw missing("customer", customer.id);
  return customer;
}

function subscriptionIn({ state, params }: StripeCall): SubscriptionRecord {
  return need(state.subscriptions, "subscription", params["id"] ?? "");
}

function invoiceIn({ state, params }: StripeCall): InvoiceRecord {
  return need(state.invoices, "invoice", params["id"] ?? "");
}

/** Without a status the vendor leaves the cancelled ones out. */
function hasStatus({ status }: SubscriptionRecord, wanted: string | null): boolean {
  if (wanted === "all") return true;
  return wanted === null ? status !== "canceled" && status !== "incomplete_expired" : status === wanted;
}
