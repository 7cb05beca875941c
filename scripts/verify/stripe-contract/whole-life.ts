import type { FakeStripe } from "@automna/testkit/fakes/stripe/fake-stripe";
import { DAY_MS } from "@automna/core/shared/clock";
import { Stripe } from "stripe";

/** The real SDK, pointed at the stand-in. */
export function openSdk({ apiKey, host, port }: FakeStripe): Stripe {
  return new Stripe(apiKey, { host, port, protocol: "http", maxNetworkRetries: 2, telemetry: false });
}

/** Everything that a customer, the billing code and the support do with Stripe, each call at least once. */
export async function liveWholeLife(fake: FakeStripe, stripe: Stripe): Promise<void> {
  const { small, large, overage } = await makeCatalogue(stripe);
  const customer = await stripe.customers.create({ email: "ann@example.com", metadata: { userId: "user_1" } });
  await stripe.customers.update(customer.id, { name: "Ann" });
  await stripe.customers.retrieve(customer.id);
  await stripe.customers.list({ email: "ann@example.com" });

  const abandoned = await checkout(stripe, customer.id, small.id);
  await stripe.checkout.sessions.expire(abandoned.id);
  const paid = await checkout(stripe, customer.id, small.id);
  fake.completeCheckout(paid.id);
  const subscriptionId = idOf((await stripe.checkout.sessions.retrieve(paid.id)).subscription);
  await stripe.checkout.sessions.list({ customer: customer.id });
  await changePlan(fake, stripe, subscriptionId, large.id);
  await failAndPay(fake, stripe, customer.id);
  await useMore(fake, stripe, customer.id, overage.id);
  await lookAround(stripe, customer.id);
  await stripe.subscriptions.update(subscriptionId, { cancel_at_period_end: true });
  await stripe.subscriptions.cancel(subscriptionId);
  await stripe.customers.del(customer.id);
}

function idOf(value: string | { id: string } | null): string {
  if (value === null) throw new Error("there is none");
  return typeof value === "string" ? value : value.id;
}

async function makeCatalogue(stripe: Stripe) {
  const product = await stripe.products.create({ name: "Automna", metadata: { kind: "plan" } });
  await stripe.products.retrieve(product.id);
  await stripe.products.list({ limit: 3 });
  const monthly = (amount: number, key: string) =>
    stripe.prices.create({
      product: product.id,
      currency: "usd",
      unit_amount: amount,
      recurring: { interval: "month" },
      lookup_key: key,
    });
  const [small, large] = [await monthly(2_900, "starter_monthly"), await monthly(7_900, "pro_monthly")];
  await stripe.prices.list({ lookup_keys: ["starter_monthly"], active: true });
  await stripe.prices.retrieve(small.id);
  await stripe.prices.update(small.id, { metadata: { tier: "starter" } });
  await stripe.coupons.create({
    id: "beta",
    amount_off: 1_000,
    currency: "usd",
    duration: "repeating",
    duration_in_months: 12,
  });
  await stripe.coupons.retrieve("beta");
  await stripe.coupons.list();
  await stripe.promotionCodes.create({ promotion: { type: "coupon", coupon: "beta" }, code: "BETA" });
  await stripe.promotionCodes.list({ code: "BETA" });
  const meter = await stripe.billing.meters.create({
    display_name: "Overage",
    event_name: "overage",
    default_aggregation: { formula: "sum" },
  });
  await stripe.billing.meters.retrieve(meter.id);
  await stripe.billing.meters.list();
  const overage = await stripe.prices.create({
    product: product.id,
    currency: "usd",
    unit_amount: 1_000,
    recurring: { interval: "month", usage_type: "metered", meter: meter.id },
  });
  return { small, large, overage };
}

function checkout(stripe: Stripe, customer: string, price: string) {
  return stripe.checkout.sessions.create({
    mode: "subscription",
    customer,
    client_reference_id: "user_1",
    line_items: [{ price, quantity: 1 }],
    discounts: [{ coupon: "beta" }],
    subscription_data: { metadata: { userId: "user_1" } },
    automatic_tax: { enabled: true },
    success_url: "http://localhost/done",
    cancel_url: "http://localhost/back",
  });
}

async function changePlan(fake: FakeStripe, stripe: Stripe, subscriptionId: string, priceId: string): Promise<void> {
  fake.advance(10 * DAY_MS);
  const [item] = (await stripe.subscriptions.retrieve(subscriptionId)).items.data;
  const change = { items: [{ id: item?.id ?? "", price: priceId }], proration_behavior: "always_invoice" as const };
  await stripe.invoices.createPreview({ subscription: subscriptionId, subscription_details: change });
  await stripe.subscriptions.update(subscriptionId, change);
  await stripe.subscriptions.update(subscriptionId, { pause_collection: { behavior: "void" } });
  await stripe.subscriptions.update(subscriptionId, { pause_collection: "" });
}

async function failAndPay(fake: FakeStripe, stripe: Stripe, customer: string): Promise<void> {
  fake.setCard(customer, "declined");
  fake.advance(25 * DAY_MS);
  const [open] = (await stripe.invoices.list({ customer, status: "open" })).data;
  const id = open?.id ?? "";
  await stripe.invoices.pay(id).catch((error: unknown) => {
    if (!(error instanceof Stripe.errors.StripeCardError)) throw error;
  });
  fake.setCard(customer, "good");
  await stripe.invoices.pay(id);
  await stripe.invoices.retrieve(id);
  await stripe.invoices.listLineItems(id);
  const [payment] = (await stripe.invoicePayments.list({ invoice: id })).data;
  const paymentIntent = idOf(payment?.payment.payment_intent ?? null);
  await stripe.refunds.create({ payment_intent: paymentIntent, amount: 100 });
  await stripe.refunds.list({ payment_intent: paymentIntent });
  fake.decideDispute(fake.dispute(id), "won");
  await stripe.disputes.list({ payment_intent: paymentIntent });
}

async function useMore(fake: FakeStripe, stripe: Stripe, customer: string, price: string): Promise<void> {
  await stripe.subscriptions.create({ customer, items: [{ price }] });
  await stripe.billing.meterEvents.create({
    event_name: "overage",
    payload: { stripe_customer_id: customer, value: "2" },
    identifier: "block-1",
  });
  const [meter] = (await stripe.billing.meters.list()).data;
  const from = Math.floor(Date.now() / 60_000) * 60;
  await stripe.billing.meters.listEventSummaries(meter?.id ?? "", {
    customer,
    start_time: from,
    end_time: from + 60 * 86_400,
  });
  await stripe.customers.createBalanceTransaction(customer, { amount: -1_000, currency: "usd" });
  await stripe.customers.listBalanceTransactions(customer);
  fake.setCard(customer, "declined");
  fake.advance(33 * DAY_MS);
  const [open] = (await stripe.invoices.list({ customer, status: "open" })).data;
  await stripe.invoices.voidInvoice(open?.id ?? "");
  fake.setCard(customer, "good");
}

async function lookAround(stripe: Stripe, customer: string): Promise<void> {
  await stripe.billingPortal.sessions.create({ customer, return_url: "http://localhost/billing" });
  await stripe.subscriptions.list({ customer, status: "all" });
  // Not those about refunds and disputes, which the description leaves out.
  const types = ["customer.created", "customer.subscription.updated", "invoice.paid", "checkout.session.completed"];
  const { data } = await stripe.events.list({ limit: 100, created: { gte: 0 }, types });
  await stripe.events.retrieve(data[0]?.id ?? "");
}
