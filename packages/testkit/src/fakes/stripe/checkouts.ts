import { chargeInvoice, draftInvoice, issueInvoice } from "./billing.ts";
import { customerWire } from "./wire-catalogue.ts";
import type { CheckoutRecord, CustomerRecord } from "./records.ts";
import { need, newStripeId, type StripeState } from "./state.ts";
import { startSubscription } from "./subscriptions.ts";
import { checkoutWire } from "./wire-billing.ts";

/** What the customer does on the hosted page: enters a card and pays. False when the card is declined: the page stays open. */
export function completeCheckout(state: StripeState, checkoutId: string, card: CustomerRecord["card"]): boolean {
  const checkout = need(state.checkouts, "checkout session", checkoutId);
  if (checkout.status !== "open") throw new Error(`checkout ${checkoutId} is ${checkout.status}`);
  if (card !== "good") return false;
  const customer = customerOf(state, checkout);
  customer.card = card;
  checkout.customerId = customer.id;
  if (checkout.mode === "subscription") {
    const subscription = startSubscription(state, {
      customerId: customer.id,
      lines: checkout.lines,
      metadata: checkout.subscriptionMetadata,
      trialDays: checkout.trialDays,
      discount: checkout.discount,
    });
    checkout.subscriptionId = subscription.id;
    checkout.invoiceId = subscription.latestInvoiceId;
  } else {
    checkout.invoiceId = payOnce(state, checkout, customer);
  }
  checkout.status = "complete";
  state.emit("checkout.session.completed", checkoutWire(state, checkout));
  return true;
}

function customerOf(state: StripeState, checkout: CheckoutRecord): CustomerRecord {
  return checkout.customerId === null
    ? createCustomer(state, { email: checkout.customerEmail, name: null, metadata: {} })
    : need(state.customers, "customer", checkout.customerId);
}

function payOnce(state: StripeState, { lines, invoiceMetadata }: CheckoutRecord, customer: CustomerRecord): string {
  const now = state.nowS();
  const invoice = draftInvoice(state, {
    customerId: customer.id,
    subscriptionId: null,
    lines: lines.map(({ priceId, quantity }) => ({
      id: newStripeId("il"),
      description: `${quantity} × ${priceId}`,
      amount: need(state.prices, "price", priceId).unitAmount * quantity,
      priceId,
      quantity,
      isProration: false,
      start: now,
      end: now,
    })),
    reason: "manual",
  });
  invoice.metadata = invoiceMetadata;
  chargeInvoice(state, issueInvoice(state, invoice));
  return invoice.id;
}

export function createCustomer(
  state: StripeState,
  given: Pick<CustomerRecord, "email" | "name" | "metadata">,
): CustomerRecord {
  const customer: CustomerRecord = {
    ...given,
    id: newStripeId("cus"),
    created: state.nowS(),
    balance: 0,
    isDeleted: false,
    card: "none",
  };
  state.customers.set(customer.id, customer);
  state.emit("customer.created", customerWire(customer));
  return customer;
}
