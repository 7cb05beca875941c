import { addInterval, chargeInvoice, draftInvoice, endSubscription, issueInvoice, periodLines } from "./billing.ts";
import type { SubscriptionRecord } from "./records.ts";
import { need, type StripeState } from "./state.ts";
import { subscriptionWire } from "./wire-billing.ts";

/** The next moment at which something happens by itself, seconds; null = nothing will. */
export function nextDue(state: StripeState): number | null {
  const moments = [
    ...[...state.subscriptions.values()].filter(isRunning).map(({ periodEnd }) => periodEnd),
    ...[...state.invoices.values()].flatMap(({ status, nextAttempt }) =>
      status === "open" && nextAttempt !== null ? [nextAttempt] : [],
    ),
  ];
  return moments.length === 0 ? null : Math.min(...moments);
}

/** Does what is due at the stand-in's present time: charges again, renews, ends. */
export function runDue(state: StripeState): void {
  // What is added on the way (a renewal's invoice) is not due yet.
  for (const invoice of state.invoices.values()) {
    if (invoice.status === "open" && invoice.nextAttempt !== null && invoice.nextAttempt <= state.nowS())
      chargeInvoice(state, invoice);
  }
  for (const subscription of state.subscriptions.values()) {
    if (isRunning(subscription) && subscription.periodEnd <= state.nowS()) endPeriod(state, subscription);
  }
}

function isRunning({ status }: SubscriptionRecord): boolean {
  return status === "active" || status === "trialing" || status === "past_due";
}

function endPeriod(state: StripeState, subscription: SubscriptionRecord): void {
  if (subscription.cancelAtPeriodEnd) return endSubscription(state, subscription);
  const [item] = subscription.items;
  const interval = item === undefined ? "month" : (need(state.prices, "price", item.priceId).interval ?? "month");
  const usage = { from: subscription.periodStart, to: subscription.periodEnd };
  if (subscription.status === "trialing") {
    subscription.status = "active";
    subscription.anchor = subscription.periodEnd;
  }
  subscription.periodStart = subscription.periodEnd;
  subscription.periodEnd = addInterval(subscription.periodStart, interval, subscription.anchor);
  state.emit("customer.subscription.updated", subscriptionWire(state, subscription), {});
  if (subscription.pausedCollection !== null) return;
  const lines = [...subscription.pendingLines, ...periodLines(state, subscription, usage)];
  subscription.pendingLines = [];
  chargeInvoice(
    state,
    issueInvoice(
      state,
      draftInvoice(state, {
        customerId: subscription.customerId,
        subscriptionId: subscription.id,
        lines,
        reason: "subscription_cycle",
      }),
    ),
  );
}
