import { DAY_MS, HOUR_MS } from "@automna/core/shared/clock";
import { findAccount } from "@automna/records/credits/account";
import { startFakeStripe, type FakeStripe } from "@automna/testkit/fakes/stripe/fake-stripe";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import type { BillingView } from "@automna/contract/billing";
import type { Stripe } from "stripe";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";
import { codeOf, makeTestBrowser, type TestBrowser } from "../testing/test-browser.ts";
import { openStripe } from "./open-stripe.ts";
import { reconcileBilling, takeDueSteps } from "./reconcile-billing.ts";
import { ensureStripeCatalogue } from "./stripe-catalogue.ts";

let database: TestDatabase;
let fake: FakeStripe;
let stripe: Stripe;
let api: TestApi;
let ann: TestBrowser;
let userId: string;
let offsetMs: number;

beforeEach(async () => {
  offsetMs = 0;
  database = await createTestDatabase();
  fake = await startFakeStripe();
  stripe = openStripe({ key: fake.apiKey, url: fake.url });
  await ensureStripeCatalogue(stripe);
  api = await startTestApi({
    databaseUrl: database.urlAs("automna_api"),
    stripe: { stripe, webhookSecret: fake.webhookSecret },
    clockOffsetMs: () => offsetMs,
  });
  fake.setWebhookUrl(`${api.origin}/api/webhooks/stripe`);
  ann = makeTestBrowser(api.origin);
  userId = await ann.signIn(api.startLink(), "ann@example.com");
});
afterEach(async () => {
  await api.close();
  await fake.close();
  await database.drop();
});

/** Lets the clocks of Stripe and of the api go on together. The sign-in does not last as long. */
function pass(ms: number): void {
  fake.advance(ms);
  offsetMs += ms;
}

async function settle(): Promise<void> {
  await fake.deliverer.drained();
  await api.inbox.runOnce();
  await takeDueSteps({ db: api.db, now: () => Date.now() + offsetMs, hint: async () => undefined });
}

async function buy(tier: string): Promise<string> {
  const { status, body } = await ann.call("billingCheckout", { body: { tier } });
  expect(status, JSON.stringify(body)).toBe(200);
  const checkoutId = (body as { url: string }).url.split("/").at(-1) ?? "";
  expect(fake.completeCheckout(checkoutId)).toBe(true);
  await settle();
  return checkoutId;
}

const entitlement = () => api.db.entitlement.findUnique({ where: { userId } });

test("paying for a plan entitles to it, whatever order the news comes in and however often", async () => {
  fake.deliverer.setFaults({ duplicate: 0.5, delayMs: 200 });
  expect(await entitlement()).toBeNull();
  await buy("pro");
  expect(await entitlement()).toMatchObject({ tier: "pro", dunning: "clear" });
  const view = (await ann.call("billing")).body as BillingView;
  expect(view).toMatchObject({ isAvailable: true, tier: "pro", subscriptions: [{ tier: "pro", status: "active" }] });
  const waiting = await api.db.inboxEvent.count({ where: { state: { not: "done" } } });
  expect(waiting).toBe(0);
  expect(await api.db.auditEvent.count({ where: { action: "billing.tier_changed" } })).toBe(1);
});

test("a second plan beside the first, an unknown plan and the portal before anything was bought are refused", async () => {
  expect(codeOf(await ann.call("billingPortal"))).toBe("billing_not_started");
  expect(codeOf(await ann.call("billingCheckout", { body: { tier: "local" } }))).toBe("plan_not_for_sale");
  await buy("starter");
  expect(codeOf(await ann.call("billingCheckout", { body: { tier: "pro" } }))).toBe("plan_active");
  expect((await ann.call("billingPortal")).status).toBe(200);
});

test("two checkouts at once make one customer, also when Stripe's first answer is lost", async () => {
  fake.failNext("cut");
  const answers = await Promise.all([
    ann.call("billingCheckout", { body: { tier: "pro" } }),
    ann.call("billingCheckout", { body: { tier: "pro" } }),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect((await stripe.customers.list()).data).toHaveLength(1);
});

test("not paying: grace, sleep, and paying in between brings the agent back, which who had stopped it does not want", async () => {
  await ann.call("deployAgent", { body: { name: "Ada", modelSource: "demo" } });
  await buy("starter");
  const customerId = (await api.db.billingCustomer.findUniqueOrThrow({ where: { userId } })).customerId;
  const wish = async () => (await api.db.agent.findFirstOrThrow({ where: { userId } })).desired;

  fake.setCard(customerId, "declined");
  pass(32 * DAY_MS);
  await settle();
  expect(await entitlement()).toMatchObject({ tier: "starter", dunning: "grace" });
  expect(await wish()).toBe("running");

  pass(7 * DAY_MS + HOUR_MS);
  await settle();
  expect(await entitlement()).toMatchObject({ tier: null, dunning: "asleep" });
  expect(await wish()).toBe("stopped");

  fake.setCard(customerId, "good");
  const [open] = (await stripe.invoices.list({ customer: customerId, status: "open" })).data;
  await stripe.invoices.pay(open?.id ?? "");
  await settle();
  expect(await entitlement()).toMatchObject({ tier: "starter", dunning: "clear" });
  expect(await wish()).toBe("running");
  expect(api.hints.length).toBeGreaterThan(1);
});

test("cancelled and never back: thirty days asleep, then the delete clock ends; not a day earlier", async () => {
  await ann.call("deployAgent", { body: { name: "Ada", modelSource: "demo" } });
  await buy("starter");
  const { id } = await api.db.subscription.findFirstOrThrow({ where: { userId } });
  await stripe.subscriptions.update(id, { cancel_at_period_end: true });
  await settle();
  expect(await entitlement()).toMatchObject({ tier: "starter", dunning: "clear" });
  pass(32 * DAY_MS);
  await settle();
  expect(await entitlement()).toMatchObject({ tier: null, dunning: "asleep" });
  pass(29 * DAY_MS);
  await settle();
  expect((await api.db.agent.findFirstOrThrow({ where: { userId } })).desired).toBe("stopped");
  pass(2 * DAY_MS);
  await settle();
  expect(await entitlement()).toMatchObject({ dunning: "expired" });
  expect((await api.db.agent.findFirstOrThrow({ where: { userId } })).desired).toBe("deleted");
});

test("Stripe being away delays what follows from an event, and loses nothing", async () => {
  const { body } = await ann.call("billingCheckout", { body: { tier: "max" } });
  fake.completeCheckout((body as { url: string }).url.split("/").at(-1) ?? "");
  await fake.deliverer.drained();
  fake.failNext("refuse", 3);
  await api.inbox.runOnce();
  expect(await api.db.inboxEvent.findFirst({ where: { state: "waiting", attempts: 1 } })).not.toBeNull();
  offsetMs += HOUR_MS;
  await api.inbox.runOnce();
  expect(await entitlement()).toMatchObject({ tier: "max" });
  expect(await api.db.inboxEvent.count({ where: { state: { not: "done" } } })).toBe(0);
});

test("reconciliation finds nothing while all news came, and repairs what was lost", async () => {
  const deps = { db: api.db, pool: api.pool, stripe, now: () => Date.now() + offsetMs, hint: async () => undefined };
  await buy("pro");
  expect(await reconcileBilling(deps)).toEqual([]);
  fake.setWebhookUrl(null);
  const { id } = await api.db.subscription.findFirstOrThrow({ where: { userId } });
  await stripe.subscriptions.cancel(id);
  expect(await reconcileBilling(deps)).toMatchObject([
    { kind: "subscription", id, ours: expect.stringContaining("active"), theirs: expect.stringContaining("canceled") },
  ]);
  expect(await entitlement()).toMatchObject({ tier: null, dunning: "asleep" });
  expect(await reconcileBilling(deps)).toEqual([]);
});

test("a subscription of somebody we do not know, on the same Stripe account, is left alone", async () => {
  const customer = await stripe.customers.create({ email: "other@example.com" });
  const [price] = (await stripe.prices.list({ limit: 1 })).data;
  fake.setCard(customer.id, "good");
  await stripe.subscriptions.create({ customer: customer.id, items: [{ price: price?.id ?? "" }] });
  await settle();
  expect(await api.db.subscription.count()).toBe(0);
  expect(await api.db.inboxEvent.count({ where: { state: { not: "done" } } })).toBe(0);
});

test("the month's credits come with the paid invoice, once, and not while it is owed", async () => {
  const available = async () => (await findAccount(api.pool, userId))?.balances.available ?? 0;
  fake.deliverer.setFaults({ duplicate: 1, delayMs: 100 });
  await buy("pro");
  expect(await available()).toBe(2_000);
  expect(await api.db.creditEntry.count({ where: { userId, kind: "grant" } })).toBe(1);

  const { customerId } = await api.db.billingCustomer.findUniqueOrThrow({ where: { userId } });
  fake.setCard(customerId, "declined");
  pass(32 * DAY_MS);
  await settle();
  expect(await api.db.creditEntry.count({ where: { userId, kind: "grant" } })).toBe(1);

  fake.setCard(customerId, "good");
  const [open] = (await stripe.invoices.list({ customer: customerId, status: "open" })).data;
  await stripe.invoices.pay(open?.id ?? "");
  await settle();
  expect(await available()).toBe(2_000);
  expect(await api.db.creditEntry.count({ where: { userId, kind: "grant" } })).toBe(2);
});

test("two purchases begun side by side can't both be paid, and what was just paid is not sold again", async () => {
  const open = async () => {
    const { status, body } = await ann.call("billingCheckout", { body: { tier: "starter" } });
    expect(status, JSON.stringify(body)).toBe(200);
    return (body as { url: string }).url.split("/").at(-1) ?? "";
  };
  const ids = [await open(), ...(await Promise.all([open(), open()]))];
  const states = () => Promise.all(ids.map(async (id) => (await stripe.checkout.sessions.retrieve(id)).status));
  expect((await states()).filter((state) => state === "open")).toHaveLength(1);
  // Paid, while Stripe's events are late.
  fake.setWebhookUrl(null);
  fake.completeCheckout(ids[(await states()).indexOf("open")] ?? "");
  expect(codeOf(await ann.call("billingCheckout", { body: { tier: "starter" } }))).toBe("plan_active");
  expect((await ann.call("billing")).body).toMatchObject({ tier: "starter" });
  expect([...fake.state.subscriptions.values()]).toHaveLength(1);
});
