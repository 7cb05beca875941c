import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Stripe } from "stripe";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DAY_MS } from "@automna/core/shared/clock";
import { startFakeStripe, type FakeStripe } from "./fake-stripe.ts";

let fake: FakeStripe;
let stripe: Stripe;

beforeEach(async () => {
  fake = await startFakeStripe();
  stripe = openSdk(fake);
});
// Closing throws when the vendor's description was broken.
afterEach(() => fake.close());

function openSdk({ apiKey, host, port }: FakeStripe): Stripe {
  return new Stripe(apiKey, { host, port, protocol: "http", maxNetworkRetries: 2, telemetry: false });
}

function idOf(value: string | { id: string } | null): string {
  if (value === null) throw new Error("there is none");
  return typeof value === "string" ? value : value.id;
}

async function subscribe() {
  const customer = await stripe.customers.create({ email: "ann@example.com" });
  const product = await stripe.products.create({ name: "Automna" });
  const price = (amount: number, lookupKey: string) =>
    stripe.prices.create({
      product: product.id,
      currency: "usd",
      unit_amount: amount,
      recurring: { interval: "month" },
      lookup_key: lookupKey,
    });
  const [small, large] = [await price(3_000, "small"), await price(9_000, "large")];
  const checkout = await stripe.checkout.sessions.create({
    mode: "subscription",
    customer: customer.id,
    line_items: [{ price: small.id, quantity: 1 }],
    success_url: "http://localhost/done",
  });
  expect(fake.completeCheckout(checkout.id)).toBe(true);
  const { subscription } = await stripe.checkout.sessions.retrieve(checkout.id);
  return { customer, small, large, subscriptionId: idOf(subscription) };
}

test("a paid checkout starts a subscription; a declined card leaves the page open", async () => {
  const { customer, small, subscriptionId } = await subscribe();
  expect((await stripe.subscriptions.retrieve(subscriptionId)).status).toBe("active");
  const [invoice] = (await stripe.invoices.list({ customer: customer.id })).data;
  expect(invoice).toMatchObject({ status: "paid", amount_paid: 3_000, billing_reason: "subscription_create" });

  const again = await stripe.checkout.sessions.create({
    mode: "subscription",
    customer: customer.id,
    line_items: [{ price: small.id, quantity: 1 }],
  });
  expect(fake.completeCheckout(again.id, "declined")).toBe(false);
  expect((await stripe.checkout.sessions.retrieve(again.id)).status).toBe("open");
});

test("the preview of a change in the middle of a month is what the change then costs", async () => {
  const { large, subscriptionId } = await subscribe();
  const [item] = (await stripe.subscriptions.retrieve(subscriptionId)).items.data;
  fake.advance(10 * DAY_MS);
  const change = { items: [{ id: item?.id ?? "", price: large.id }], proration_behavior: "always_invoice" as const };
  const preview = await stripe.invoices.createPreview({ subscription: subscriptionId, subscription_details: change });
  expect(preview.total).toBeGreaterThan(0);
  expect(preview.total).toBeLessThan(6_000);
  const { latest_invoice } = await stripe.subscriptions.update(subscriptionId, change);
  expect((await stripe.invoices.retrieve(idOf(latest_invoice))).total).toBe(preview.total);
});

test("a card that fails at renewal: past due, three more tries, then the end; paying in between mends it", async () => {
  const { customer, subscriptionId } = await subscribe();
  const status = async () => (await stripe.subscriptions.retrieve(subscriptionId)).status;
  fake.setCard(customer.id, "declined");
  fake.advance(32 * DAY_MS);
  expect(await status()).toBe("past_due");
  const [open] = (await stripe.invoices.list({ customer: customer.id, status: "open" })).data;
  await expect(stripe.invoices.pay(open?.id ?? "")).rejects.toMatchObject({ code: "card_declined" });
  fake.setCard(customer.id, "good");
  await stripe.invoices.pay(open?.id ?? "");
  expect(await status()).toBe("active");
  fake.setCard(customer.id, "declined");
  fake.advance(60 * DAY_MS);
  expect(await status()).toBe("canceled");
});

test("the same idempotency key does a thing once, also when the answer was lost on the way", async () => {
  fake.failNext("cut");
  const first = await stripe.customers.create({ email: "once@example.com" }, { idempotencyKey: "k1" });
  const second = await stripe.customers.create({ email: "once@example.com" }, { idempotencyKey: "k1" });
  expect(second.id).toBe(first.id);
  expect((await stripe.customers.list({ email: "once@example.com" })).data).toHaveLength(1);
  await expect(stripe.customers.create({ email: "other@example.com" }, { idempotencyKey: "k1" })).rejects.toMatchObject(
    {
      type: "StripeIdempotencyError",
    },
  );
});

test("usage that was metered is on the invoice of the period, each identifier once", async () => {
  const { customer } = await subscribe();
  const meter = await stripe.billing.meters.create({
    display_name: "Overage",
    event_name: "overage",
    default_aggregation: { formula: "sum" },
  });
  const product = await stripe.products.create({ name: "Overage" });
  const price = await stripe.prices.create({
    product: product.id,
    currency: "usd",
    unit_amount: 1_000,
    recurring: { interval: "month", usage_type: "metered", meter: meter.id },
  });
  await stripe.subscriptions.create({ customer: customer.id, items: [{ price: price.id }] });
  const report = { event_name: "overage", payload: { stripe_customer_id: customer.id, value: "2" }, identifier: "b1" };
  await stripe.billing.meterEvents.create(report);
  await expect(stripe.billing.meterEvents.create(report)).rejects.toMatchObject({ code: "resource_already_exists" });
  fake.advance(32 * DAY_MS);
  const totals = (await stripe.invoices.list({ customer: customer.id })).data.map(({ total }) => total);
  expect(totals).toContain(2_000);
});

test("webhooks are signed for the real SDK, come twice and out of order, and again after an error", async () => {
  const received: { id: string; type: string }[] = [];
  let refusals = 2;
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const signature = String(request.headers["stripe-signature"]);
      const { id, type } = stripe.webhooks.constructEvent(Buffer.concat(chunks), signature, fake.webhookSecret);
      if (refusals > 0) {
        refusals -= 1;
        response.writeHead(500).end();
        return;
      }
      received.push({ id, type });
      response.writeHead(200).end();
    });
  });
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  fake.setWebhookUrl(`http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`);
  fake.deliverer.setFaults({ duplicate: 1, delayMs: 100 });
  await subscribe();
  await fake.deliverer.drained();
  receiver.close();

  const sent = (await stripe.events.list({ limit: 100 })).data.map(({ id }) => id).toReversed();
  expect(new Set(received.map(({ id }) => id))).toEqual(new Set(sent));
  expect(received).toHaveLength(sent.length * 2);
  expect(received.map(({ id }) => id)).not.toEqual(sent.flatMap((id) => [id, id]));
  expect(fake.deliverer.attempts().filter(({ status }) => status === 500)).toHaveLength(2);
});
