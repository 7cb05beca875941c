import { randomUUID } from "node:crypto";
import { actedSchema, customerPaymentsSchema, customerViewSchema, type ActOnCustomer } from "@automna/contract/admin";
import { DAY_MS } from "@automna/core/shared/clock";
import type { OperatorAction } from "@automna/core/operators/operator-action";
import { priceKey, sellableTiers } from "@automna/core/billing/price-keys";
import { findAccount } from "@automna/records/credits/account";
import { startFakeStripe, type FakeStripe } from "@automna/testkit/fakes/stripe/fake-stripe";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import type { Stripe } from "stripe";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStripe } from "../billing/open-stripe.ts";
import { takeDueSteps } from "../billing/reconcile-billing.ts";
import { grantCompedMonths } from "../credits/grant-comped-month.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";
import { codeOf, makeTestBrowser, type TestAnswer, type TestBrowser } from "../testing/test-browser.ts";

let database: TestDatabase;
let fake: FakeStripe;
let stripe: Stripe;
let api: TestApi;
let operator: TestBrowser;
let ann: TestBrowser;
let userId: string;
let offsetMs: number;

beforeEach(async () => {
  offsetMs = 0;
  database = await createTestDatabase();
  fake = await startFakeStripe();
  stripe = openStripe({ key: fake.apiKey, url: fake.url });
  const product = await stripe.products.create({ name: "Automna" });
  for (const tier of sellableTiers) {
    await stripe.prices.create({
      product: product.id,
      currency: "usd",
      unit_amount: 2_900,
      recurring: { interval: "month" },
      lookup_key: priceKey(tier) ?? "",
    });
  }
  api = await startTestApi({
    databaseUrl: database.urlAs("automna_api"),
    stripe: { stripe, webhookSecret: fake.webhookSecret },
    freeTier: null,
    clockOffsetMs: () => offsetMs,
  });
  fake.setWebhookUrl(`${api.origin}/api/webhooks/stripe`);
  operator = makeTestBrowser(api.origin);
  await operator.signIn(api.startLink(), "operator@example.com");
  ann = makeTestBrowser(api.origin);
  userId = await ann.signIn(api.startLink(), "ann@example.com");
});
afterEach(async () => {
  await api.close();
  await fake.close();
  await database.drop();
});

const intent = (action: OperatorAction): ActOnCustomer => ({ key: randomUUID(), reason: "asked for by mail", action });
const act = (body: ActOnCustomer): Promise<TestAnswer> => operator.call("actOnCustomer", { params: { userId }, body });
const view = async () => customerViewSchema.parse((await operator.call("getCustomer", { params: { userId } })).body);

async function buyAndPay(tier: string): Promise<string> {
  const { body } = await ann.call("billingCheckout", { body: { tier } });
  fake.completeCheckout((body as { url: string }).url.split("/").at(-1) ?? "");
  await fake.deliverer.drained();
  await api.inbox.runOnce();
  const paid = await operator.call("getCustomerPayments", { params: { userId } });
  const [payment] = customerPaymentsSchema.parse(paid.body).payments;
  return payment?.invoiceId ?? expect.unreachable("nothing was paid");
}

test("a refund goes through Stripe once for each key, and never beyond what was paid", async () => {
  const invoiceId = await buyAndPay("pro");
  const body = intent({ type: "refund", invoiceId, amountCents: 1_000 });
  const answers = await Promise.all([act(body), act(body)]);
  for (const { status, body: answered } of answers) expect(status, JSON.stringify(answered)).toBe(200);
  expect(actedSchema.parse((await act(body)).body)).toMatchObject({ isRepeat: true, after: { refundedCents: 1_000 } });
  expect((await stripe.refunds.list({ limit: 10 })).data).toHaveLength(1);
  const rest = intent({ type: "refund", invoiceId, amountCents: 1_901 });
  expect(codeOf(await act(rest))).toBe("refund_too_large");
  expect((await stripe.refunds.list({ limit: 10 })).data).toHaveLength(1);
});

test("another customer's payment is not there", async () => {
  const invoiceId = await buyAndPay("pro");
  const bob = makeTestBrowser(api.origin);
  userId = await bob.signIn(api.startLink(), "bob@example.com");
  await api.db.billingCustomer.create({ data: { userId, customerId: "cus_bob" } });
  expect(codeOf(await act(intent({ type: "refund", invoiceId, amountCents: 100 })))).toBe("payment_not_found");
  expect(codeOf(await act(intent({ type: "refund", invoiceId: "in_nothing", amountCents: 100 })))).toBe(
    "payment_not_found",
  );
});

test("a lost answer of Stripe's does not pay back twice", async () => {
  const invoiceId = await buyAndPay("pro");
  const body = intent({ type: "refund", invoiceId, amountCents: 1_000 });
  fake.failNext("cut");
  await act(body);
  await act(body);
  expect((await stripe.refunds.list({ limit: 10 })).data).toHaveLength(1);
});

test("a plan that is given counts at once, ends with its time, and leaves a paid one alone", async () => {
  expect((await act(intent({ type: "comp_tier", tier: "business", days: 10 }))).status).toBe(200);
  expect((await view()).plan).toMatchObject({ tier: "business", dunning: "clear", comp: { tier: "business" } });
  await ann.call("deployAgent", { body: { name: "Ada", modelSource: "demo" } });
  expect((await view()).agents).toMatchObject([{ desired: "running" }]);
  offsetMs = 10 * DAY_MS;
  await takeDueSteps({ db: api.db, now: () => Date.now() + offsetMs, hint: async () => undefined });
  expect(await api.db.entitlement.findUnique({ where: { userId } })).toMatchObject({ tier: null, dunning: "asleep" });
  await takeDueSteps({ db: api.db, now: () => Date.now() + offsetMs, hint: async () => undefined });
  expect(await api.db.auditEvent.count({ where: { action: "billing.put_to_sleep", userId } })).toBe(1);
});

test("a plan that is given can be taken back, and what is paid for stays", async () => {
  await buyAndPay("starter");
  await act(intent({ type: "comp_tier", tier: "max", days: 30 }));
  expect((await view()).plan.tier).toBe("max");
  await act(intent({ type: "end_comp" }));
  expect((await view()).plan).toMatchObject({ tier: "starter", comp: null });
});

test("a plan that is given brings its credits each month, once, and takes nothing back when it ends", async () => {
  const left = async () => ((await ann.call("getCredits")).body as { remaining: number }).remaining;
  const months = () => grantCompedMonths({ db: api.db, pool: api.pool, now: () => Date.now() + offsetMs });
  await act(intent({ type: "comp_tier", tier: "pro", days: 60 }));
  expect(await left()).toBe(2_000);
  await Promise.all([months(), months()]);
  // Given anew, or a dearer one: the dearest of the month counts.
  await act(intent({ type: "comp_tier", tier: "pro", days: 60 }));
  expect(await left()).toBe(2_000);
  await act(intent({ type: "comp_tier", tier: "business", days: 60 }));
  expect(await left()).toBe(15_000);
  await act(intent({ type: "end_comp" }));
  await months();
  expect((await findAccount(api.pool, userId))?.balances.available).toBe(15_000);
  await act(intent({ type: "comp_tier", tier: "pro", days: 60 }));
  offsetMs = 32 * DAY_MS;
  await months();
  expect((await findAccount(api.pool, userId))?.balances.available).toBe(2_000);
});

test("beside a plan that is paid for the given one brings its credits too, and no month begins anew", async () => {
  await buyAndPay("starter");
  const before = await findAccount(api.pool, userId);
  await act(intent({ type: "comp_tier", tier: "pro", days: 30 }));
  const after = await findAccount(api.pool, userId);
  expect(after?.balances.available).toBe((before?.balances.available ?? 0) + 2_000);
  expect(after?.periodStartedAtMs).toBe(before?.periodStartedAtMs);
});

test("a plan that is not for customers can't be given", async () => {
  expect(codeOf(await act(intent({ type: "comp_tier", tier: "local", days: 1 })))).toBe("plan_not_for_sale");
});
