import type { InvoiceLine, InvoiceRecord, LineItem, PriceRecord, SubscriptionRecord } from "./records.ts";
import { need, newStripeId, type StripeState } from "./state.ts";
import { subscriptionWire } from "./wire-billing.ts";
import { dueOf, invoiceWire, subtotalOf, totalOf } from "./wire-invoice.ts";
import { customerWire } from "./wire-catalogue.ts";

const DAY_S = 86_400;
/** Days after which a failed charge is tried again; after the last one the subscription is cancelled. */
const RETRY_DAYS = [3, 5, 7] as const;

/** The same day of the next month, or its last day. */
export function addInterval(atS: number, interval: "month" | "year", anchorS: number): number {
  const at = new Date(atS * 1_000);
  const months = at.getUTCMonth() + (interval === "month" ? 1 : 12);
  const lastDay = new Date(Date.UTC(at.getUTCFullYear(), months + 1, 0)).getUTCDate();
  const day = Math.min(new Date(anchorS * 1_000).getUTCDate(), lastDay);
  const next = new Date(at);
  next.setUTCFullYear(at.getUTCFullYear(), months, day);
  return Math.floor(next.getTime() / 1_000);
}

/** Charges for a whole period of everything licensed, and for the metered usage of the one that ended. */
export function periodLines(
  state: StripeState,
  subscription: SubscriptionRecord,
  usage: { from: number; to: number } | null,
): InvoiceLine[] {
  return subscription.items.flatMap(({ priceId, quantity }) => {
    const price = need(state.prices, "price", priceId);
    if (price.meterId === null)
      return [toLine(price, quantity, { start: subscription.periodStart, end: subscription.periodEnd })];
    if (usage === null) return [];
    const used = usageOf(state, subscription.customerId, price, usage);
    return used === 0 ? [] : [toLine(price, used, { start: usage.from, end: usage.to })];
  });
}

/** Credit for the unused time on the old price and charge for the remaining time on the new one. */
export function prorationLines(
  state: StripeState,
  subscription: SubscriptionRecord,
  { from: item, to, atS }: { from: LineItem; to: LineItem; atS: number },
): InvoiceLine[] {
  const { periodStart, periodEnd } = subscription;
  const share = Math.max(0, periodEnd - atS) / (periodEnd - periodStart);
  const part = (priceId: string, quantity: number, sign: 1 | -1): InvoiceLine => {
    const price = need(state.prices, "price", priceId);
    return {
      id: newStripeId("il"),
      description: sign < 0 ? "Unused time" : "Remaining time",
      amount: sign * Math.round(price.unitAmount * quantity * share),
      priceId,
      quantity,
      isProration: true,
      start: atS,
      end: periodEnd,
    };
  };
  return [part(item.priceId, item.quantity, -1), part(to.priceId, to.quantity, 1)];
}

export function usageOf(
  state: StripeState,
  customerId: string,
  price: PriceRecord,
  { from, to }: { from: number; to: number },
): number {
  const meter = need(state.meters, "meter", price.meterId ?? "");
  const values = [...state.meterEvents.values()]
    .filter(
      ({ eventName, payload, timestamp }) =>
        eventName === meter.eventName &&
        payload[meter.customerKey] === customerId &&
        timestamp >= from &&
        timestamp < to,
    )
    .map(({ payload }) => Number(payload[meter.valueKey] ?? 0));
  if (meter.formula === "count") return values.length;
  return meter.formula === "last" ? (values.at(-1) ?? 0) : values.reduce((sum, value) => sum + value, 0);
}

function toLine(price: PriceRecord, quantity: number, { start, end }: { start: number; end: number }): InvoiceLine {
  return {
    id: newStripeId("il"),
    description: `${quantity} × ${price.id}`,
    amount: price.unitAmount * quantity,
    priceId: price.id,
    quantity,
    isProration: false,
    start,
    end,
  };
}

/** An invoice over the lines, with discount and the customer's balance taken off; changes nothing. */
export function draftInvoice(
  state: StripeState,
  parts: Pick<InvoiceRecord, "customerId" | "subscriptionId" | "lines" | "reason">,
): InvoiceRecord {
  const subscription =
    parts.subscriptionId === null ? null : need(state.subscriptions, "subscription", parts.subscriptionId);
  const discounted = subscription === null ? 0 : discountOn(state, subscription, parts.lines);
  const total = totalOf({ lines: parts.lines, discounted });
  const { balance } = need(state.customers, "customer", parts.customerId);
  return {
    ...parts,
    id: newStripeId("in"),
    discounted,
    balanceUsed: balance < 0 ? Math.min(-balance, Math.max(0, total)) : 0,
    status: "draft",
    attempts: 0,
    nextAttempt: null,
    paidAt: null,
    paymentIntentId: null,
    refunded: 0,
    metadata: {},
    created: state.nowS(),
  };
}

function discountOn(state: StripeState, { discount }: SubscriptionRecord, lines: InvoiceLine[]): number {
  if (discount === null || (discount.end !== null && discount.end <= state.nowS())) return 0;
  const coupon = need(state.coupons, "coupon", discount.couponId);
  const counted = lines.filter(
    ({ isProration, priceId }) =>
      !isProration &&
      (coupon.appliesTo.length === 0 || coupon.appliesTo.includes(need(state.prices, "price", priceId).productId)),
  );
  const subtotal = Math.max(0, subtotalOf({ lines: counted }));
  return Math.min(subtotal, coupon.amountOff ?? Math.round((subtotal * (coupon.percentOff ?? 0)) / 100));
}

/** Issues the invoice and tries to have it paid. */
export function issueInvoice(state: StripeState, invoice: InvoiceRecord): InvoiceRecord {
  state.invoices.set(invoice.id, invoice);
  state.emit("invoice.created", invoiceWire(state, invoice));
  invoice.status = "open";
  const customer = need(state.customers, "customer", invoice.customerId);
  const total = totalOf(invoice);
  // A negative total becomes credit for later invoices.
  const change = invoice.balanceUsed + Math.min(0, total);
  if (change !== 0) {
    customer.balance += change;
    state.emit("customer.updated", customerWire(customer));
  }
  const subscription =
    invoice.subscriptionId === null ? null : need(state.subscriptions, "subscription", invoice.subscriptionId);
  if (subscription !== null) {
    subscription.latestInvoiceId = invoice.id;
    if (
      subscription.discount !== null &&
      need(state.coupons, "coupon", subscription.discount.couponId).duration === "once"
    )
      subscription.discount = null;
  }
  state.emit("invoice.finalized", invoiceWire(state, invoice));
  return invoice;
}

/** One charge of the customer's card. Returns whether it went through. */
export function chargeInvoice(state: StripeState, invoice: InvoiceRecord): boolean {
  const customer = need(state.customers, "customer", invoice.customerId);
  const isFree = dueOf(invoice) === 0;
  if (!isFree) invoice.attempts += 1;
  if (isFree || customer.card === "good") {
    invoice.status = "paid";
    invoice.paymentIntentId = isFree ? null : newStripeId("pi");
    invoice.paidAt = state.nowS();
    invoice.nextAttempt = null;
    state.emit("invoice.paid", invoiceWire(state, invoice));
    state.emit("invoice.payment_succeeded", invoiceWire(state, invoice));
    settleSubscription(state, invoice, "active");
    return true;
  }
  const days = RETRY_DAYS[invoice.attempts - 1];
  const isFirst = invoice.reason === "subscription_create";
  invoice.nextAttempt = days === undefined || isFirst ? null : state.nowS() + days * DAY_S;
  state.emit("invoice.payment_failed", invoiceWire(state, invoice));
  if (isFirst) settleSubscription(state, invoice, "incomplete");
  else if (invoice.nextAttempt === null) settleSubscription(state, invoice, "canceled");
  else settleSubscription(state, invoice, "past_due");
  return false;
}

function settleSubscription(state: StripeState, invoice: InvoiceRecord, status: SubscriptionRecord["status"]): void {
  const subscription = invoice.subscriptionId === null ? undefined : state.subscriptions.get(invoice.subscriptionId);
  if (subscription === undefined || subscription.latestInvoiceId !== invoice.id || subscription.endedAt !== null)
    return;
  if (status === "canceled") {
    endSubscription(state, subscription);
    return;
  }
  setStatus(state, subscription, status === "active" && isInTrial(state, subscription) ? "trialing" : status);
}

function isInTrial(state: StripeState, { trialEnd }: SubscriptionRecord): boolean {
  return trialEnd !== null && trialEnd > state.nowS();
}

export function setStatus(
  state: StripeState,
  subscription: SubscriptionRecord,
  status: SubscriptionRecord["status"],
): void {
  if (subscription.status === status) return;
  const previous = { status: subscription.status };
  subscription.status = status;
  state.emit("customer.subscription.updated", subscriptionWire(state, subscription), previous);
}

/** Ends it now; open invoices of it are no longer collected. */
export function endSubscription(state: StripeState, subscription: SubscriptionRecord): void {
  subscription.status = "canceled";
  subscription.canceledAt ??= state.nowS();
  subscription.endedAt = state.nowS();
  for (const invoice of state.invoices.values())
    if (invoice.subscriptionId === subscription.id) invoice.nextAttempt = null;
  state.emit("customer.subscription.deleted", subscriptionWire(state, subscription));
}
