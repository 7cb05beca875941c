import { addInterval, chargeInvoice, draftInvoice, issueInvoice, periodLines, prorationLines } from "./billing.ts";
import { flagOf, formOf, formsOf, integerOf, metadataOf, textOf, type Form } from "./form.ts";
import type { CheckoutRecord, DiscountRecord, InvoiceLine, LineItem, Metadata, SubscriptionRecord } from "./records.ts";
import { need, newStripeId, type StripeState } from "./state.ts";
import { StripeFailure } from "./stripe-failure.ts";
import { subscriptionWire } from "./wire-billing.ts";
import { dueOf } from "./wire-invoice.ts";
import { isRedeemable } from "./wire-catalogue.ts";

const DAY_S = 86_400;

export interface NewSubscription {
  customerId: string;
  lines: readonly LineItem[];
  metadata: Metadata;
  trialDays: number | null;
  discount: CheckoutRecord["discount"];
}

/** Starts a subscription with its first invoice; `incomplete` when the charge fails. */
export function startSubscription(state: StripeState, wanted: NewSubscription): SubscriptionRecord {
  const { customerId, lines, metadata, trialDays, discount } = wanted;
  need(state.customers, "customer", customerId, "customer");
  const [first] = lines;
  if (first === undefined)
    throw new StripeFailure(400, "Missing required param: items.", { code: "parameter_missing", param: "items" });
  const now = state.nowS();
  const trialEnd = trialDays === null ? null : now + trialDays * DAY_S;
  const subscription: SubscriptionRecord = {
    id: newStripeId("sub"),
    customerId,
    items: lines.map(({ priceId, quantity }) => ({
      id: newStripeId("si"),
      priceId: need(state.prices, "price", priceId, "items[0][price]").id,
      quantity,
      created: now,
    })),
    status: trialEnd === null ? "incomplete" : "trialing",
    created: now,
    anchor: now,
    periodStart: now,
    periodEnd: trialEnd ?? addInterval(now, need(state.prices, "price", first.priceId).interval ?? "month", now),
    trialEnd,
    cancelAtPeriodEnd: false,
    canceledAt: null,
    endedAt: null,
    latestInvoiceId: null,
    pausedCollection: null,
    discount: discount === null ? null : redeem(state, discount),
    pendingLines: [],
    metadata,
  };
  state.subscriptions.set(subscription.id, subscription);
  state.emit("customer.subscription.created", subscriptionWire(state, subscription));
  const invoiced = trialEnd === null ? periodLines(state, subscription, null) : [];
  chargeInvoice(
    state,
    issueInvoice(
      state,
      draftInvoice(state, {
        customerId,
        subscriptionId: subscription.id,
        lines: invoiced,
        reason: "subscription_create",
      }),
    ),
  );
  return subscription;
}

function redeem(
  state: StripeState,
  { couponId, promotionCodeId }: NonNullable<CheckoutRecord["discount"]>,
): DiscountRecord {
  const coupon = need(state.coupons, "coupon", couponId, "discounts[0][coupon]");
  const code =
    promotionCodeId === null
      ? null
      : need(state.promotionCodes, "promotion code", promotionCodeId, "discounts[0][promotion_code]");
  if (!isRedeemable(coupon) || (code !== null && !(code.active && isRedeemable(code))))
    throw new StripeFailure(400, "This coupon can no longer be redeemed.", {
      code: "coupon_expired",
      param: "discounts",
    });
  coupon.timesRedeemed += 1;
  if (code !== null) code.timesRedeemed += 1;
  const start = state.nowS();
  const end =
    coupon.durationInMonths === null
      ? null
      : new Date(start * 1_000).setUTCMonth(new Date(start * 1_000).getUTCMonth() + coupon.durationInMonths) / 1_000;
  return { id: newStripeId("di"), couponId, promotionCodeId, start, end };
}

/** Discount of the form's `discounts[0]`, by coupon or promotion code. */
export function discountOf(state: StripeState, form: Form): CheckoutRecord["discount"] {
  const [first] = formsOf(form, "discounts");
  if (first === undefined) return null;
  const promotionCodeId = textOf(first, "promotion_code");
  if (promotionCodeId !== null)
    return {
      couponId: need(state.promotionCodes, "promotion code", promotionCodeId, "discounts[0][promotion_code]").couponId,
      promotionCodeId,
    };
  const couponId = textOf(first, "coupon");
  return couponId === null
    ? null
    : { couponId: need(state.coupons, "coupon", couponId, "discounts[0][coupon]").id, promotionCodeId: null };
}

/** The vendor refuses a checkout whose discount can do nothing in it. */
export function assertDiscountApplies(state: StripeState, { discount, lines }: CheckoutRecord): void {
  if (discount === null) return;
  const { appliesTo } = need(state.coupons, "coupon", discount.couponId);
  const products = lines.map(({ priceId }) => need(state.prices, "price", priceId).productId);
  if (appliesTo.length > 0 && !products.some((product) => appliesTo.includes(product)))
    throw new StripeFailure(400, "This coupon does not apply to anything in this order.", { param: "discounts" });
}

/** `items[0]` or `line_items[0]` and on. */
export function linesOf(state: StripeState, form: Form, name: string): LineItem[] {
  return formsOf(form, name).map((line) => {
    const price = need(state.prices, "price", textOf(line, "price") ?? "", `${name}[0][price]`);
    if (!price.active) throw new StripeFailure(400, `The price specified is inactive.`, { param: `${name}[0][price]` });
    return { priceId: price.id, quantity: integerOf(line, "quantity") ?? 1 };
  });
}

/** What the vendor's update call changes: items with proration, the end, the pause, the discount, metadata. */
export function updateSubscription(state: StripeState, subscription: SubscriptionRecord, form: Form): void {
  if (subscription.endedAt !== null)
    throw new StripeFailure(400, "A canceled subscription can only update its cancellation_details and metadata.");
  const before = { items: subscription.items[0]?.priceId, cancel_at_period_end: subscription.cancelAtPeriodEnd };
  changeItems(state, subscription, form);
  const cancels = flagOf(form, "cancel_at_period_end");
  if (cancels !== null) {
    subscription.cancelAtPeriodEnd = cancels;
    subscription.canceledAt = cancels ? state.nowS() : null;
  }
  if (form["pause_collection"] !== undefined) subscription.pausedCollection = pauseOf(form);
  if (form["discounts"] !== undefined) {
    const discount = discountOf(state, form);
    subscription.discount = discount === null ? null : redeem(state, discount);
  }
  subscription.metadata = metadataOf(form, subscription.metadata);
  if (textOf(form, "trial_end") === "now" && subscription.status === "trialing") {
    subscription.trialEnd = state.nowS();
    subscription.periodEnd = state.nowS();
  }
  state.emit("customer.subscription.updated", subscriptionWire(state, subscription), before);
}

function pauseOf(form: Form): SubscriptionRecord["pausedCollection"] {
  const behavior = textOf(formOf(form, "pause_collection"), "behavior");
  return behavior === "void" || behavior === "keep_as_draft" || behavior === "mark_uncollectible" ? behavior : null;
}

/** A change of the form's `items`: of the item that it names, or of a price that comes in addition. */
export interface ItemChange {
  from: SubscriptionRecord["items"][number] | null;
  to: LineItem;
}

export function itemChangesOf(state: StripeState, subscription: SubscriptionRecord, form: Form): ItemChange[] {
  const lines = linesOf(state, form, "items");
  return formsOf(form, "items").map((wanted, index) => {
    const id = textOf(wanted, "id");
    const from = subscription.items.find((item) => item.id === id) ?? null;
    if (id !== null && from === null)
      throw new StripeFailure(400, `No such subscription item: '${id}'`, {
        code: "resource_missing",
        param: `items[${index}][id]`,
      });
    const to = lines[index] ?? { priceId: "", quantity: 1 };
    if (subscription.items.some((item) => item !== from && item.priceId === to.priceId))
      throw new StripeFailure(400, `The price ${to.priceId} is on this subscription already.`, { param: "items" });
    return { from, to };
  });
}

/** Prorations of the changes at a moment; a metered price has none. */
export function prorationsOf(
  state: StripeState,
  subscription: SubscriptionRecord,
  changes: readonly ItemChange[],
  atS: number,
): InvoiceLine[] {
  if (subscription.status === "trialing") return [];
  return changes.flatMap(({ from, to }) =>
    from === null || from.priceId === to.priceId ? [] : prorationLines(state, subscription, { from, to, atS }),
  );
}

function changeItems(state: StripeState, subscription: SubscriptionRecord, form: Form): void {
  const changes = itemChangesOf(state, subscription, form);
  const behavior = textOf(form, "proration_behavior") ?? "create_prorations";
  const atS = integerOf(form, "proration_date") ?? state.nowS();
  const lines = behavior === "none" ? [] : prorationsOf(state, subscription, changes, atS);
  const isInvoiced = behavior === "always_invoice" && lines.length > 0;
  const draft = () =>
    draftInvoice(state, {
      customerId: subscription.customerId,
      subscriptionId: subscription.id,
      lines: [...subscription.pendingLines, ...lines],
      reason: "subscription_update",
    });
  const isPayable = dueOf(draft()) === 0 || need(state.customers, "customer", subscription.customerId).card === "good";
  // https://docs.stripe.com/api/subscriptions/update#update_subscription-payment_behavior: nothing changes unless it is paid.
  if (isInvoiced && !isPayable && textOf(form, "payment_behavior") === "error_if_incomplete")
    throw new StripeFailure(402, "Your card was declined.", { type: "card_error", code: "card_declined" });
  for (const { from, to } of changes) {
    if (from === null) subscription.items.push({ id: newStripeId("si"), ...to, created: state.nowS() });
    else Object.assign(from, to);
  }
  if (!isInvoiced) {
    subscription.pendingLines.push(...lines);
    return;
  }
  const invoice = draft();
  subscription.pendingLines = [];
  chargeInvoice(state, issueInvoice(state, invoice));
}
