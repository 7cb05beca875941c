import type { CheckoutRecord, EventRecord, SubscriptionRecord } from "./records.ts";
import { need, type StripeState } from "./state.ts";
import { discountWire, priceWire, type Wire } from "./wire-catalogue.ts";

export const API_VERSION = "2026-10-28.endive";

export function subscriptionWire(state: StripeState, subscription: SubscriptionRecord): Wire {
  const { id, customerId, discount } = subscription;
  return {
    id,
    object: "subscription",
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: subscription.anchor,
    billing_cycle_anchor_config: null,
    billing_mode: { flexible: null, type: "classic" },
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: subscription.cancelAtPeriodEnd ? subscription.periodEnd : null,
    cancel_at_period_end: subscription.cancelAtPeriodEnd,
    canceled_at: subscription.canceledAt,
    cancellation_details: null,
    collection_method: "charge_automatically",
    created: subscription.created,
    currency: "usd",
    customer: customerId,
    customer_account: null,
    days_until_due: null,
    default_payment_method: null,
    default_source: null,
    description: null,
    discounts: discount === null ? [] : [discountWire(discount, { customerId, subscriptionId: id })],
    ended_at: subscription.endedAt,
    invoice_settings: {
      account_tax_ids: null,
      custom_fields: null,
      description: null,
      footer: null,
      issuer: { type: "self" },
    },
    items: list(
      `/v1/subscription_items?subscription=${id}`,
      subscription.items.map((item) => subscriptionItemWire(state, subscription, item)),
    ),
    latest_invoice: subscription.latestInvoiceId,
    livemode: false,
    managed_payments: null,
    metadata: subscription.metadata,
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection:
      subscription.pausedCollection === null ? null : { behavior: subscription.pausedCollection, resumes_at: null },
    payment_settings: null,
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: subscription.created,
    status: subscription.status,
    test_clock: null,
    transfer_data: null,
    trial_end: subscription.trialEnd,
    trial_settings: null,
    trial_start: subscription.trialEnd === null ? null : subscription.created,
  };
}

// Periods are on the items, not on the subscription, since API version 2025-03-31.
function subscriptionItemWire(
  state: StripeState,
  subscription: SubscriptionRecord,
  item: SubscriptionRecord["items"][number],
): Wire {
  const price = need(state.prices, "price", item.priceId);
  return {
    id: item.id,
    object: "subscription_item",
    billing_thresholds: null,
    created: item.created,
    current_period_end: subscription.periodEnd,
    current_period_start: subscription.periodStart,
    current_trial: null,
    discounts: [],
    metadata: {},
    plan: { id: price.id, object: "plan" },
    price: priceWire(price),
    ...(price.meterId === null ? { quantity: item.quantity } : {}),
    subscription: subscription.id,
    tax_rates: [],
  };
}

export function checkoutWire(state: StripeState, checkout: CheckoutRecord): Wire {
  const { id, status, lines } = checkout;
  const amount = lines.reduce(
    (sum, { priceId, quantity }) => sum + need(state.prices, "price", priceId).unitAmount * quantity,
    0,
  );
  return {
    id,
    object: "checkout.session",
    adaptive_pricing: null,
    after_expiration: null,
    allow_promotion_codes: checkout.allowsPromotionCodes,
    allowed_payment_method_types: null,
    amount_subtotal: amount,
    amount_total: amount,
    automatic_tax: { enabled: checkout.hasAutomaticTax, liability: null, provider: null, status: null },
    billing_address_collection: null,
    cancel_url: checkout.cancelUrl,
    client_reference_id: checkout.clientReferenceId,
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    created: checkout.created,
    currency: "usd",
    currency_conversion: null,
    custom_fields: [],
    custom_text: { after_submit: null, shipping_address: null, submit: null, terms_of_service_acceptance: null },
    customer: checkout.customerId,
    customer_account: null,
    customer_creation: null,
    customer_details: null,
    customer_email: checkout.customerEmail,
    discounts: null,
    expires_at: checkout.expiresAt,
    integration_identifier: null,
    invoice: checkout.invoiceId,
    invoice_creation: null,
    livemode: false,
    locale: null,
    managed_payments: null,
    metadata: checkout.metadata,
    mode: checkout.mode,
    origin_context: null,
    payment_intent: null,
    payment_link: null,
    payment_method_collection: "always",
    payment_method_configuration_details: null,
    payment_method_options: null,
    payment_method_types: ["card"],
    payment_status: status === "complete" ? "paid" : "unpaid",
    permissions: null,
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: null,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status,
    submit_type: null,
    subscription: checkout.subscriptionId,
    success_url: checkout.successUrl,
    total_details: null,
    ui_mode: null,
    url: status === "open" ? `${state.baseUrl()}/pay/${id}` : null,
    wallet_options: null,
  };
}

export function eventWire({ id, type, created, object, previous, idempotencyKey }: EventRecord): Wire {
  return {
    id,
    object: "event",
    api_version: API_VERSION,
    created,
    data: { object, ...(previous === null ? {} : { previous_attributes: previous }) },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: idempotencyKey },
    type,
  };
}

export function list(url: string, data: readonly Wire[], hasMore = false): Wire {
  return { object: "list", data, has_more: hasMore, url };
}
