import { invoicesSchema, type BillingView, type PlanPreview } from "@automna/contract/billing";
import { DAY_MS, HOUR_MS } from "@automna/core/shared/clock";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startBillingWorld, type BillingWorld } from "../testing/billing-world.ts";
import { codeOf, makeTestBrowser } from "../testing/test-browser.ts";

let world: BillingWorld;
beforeEach(async () => {
  world = await startBillingWorld();
});
afterEach(() => world.close());

const buy = async (tier: string) => world.pay(await world.ann.call("billingCheckout", { body: { tier } }));
const preview = async (tier: string) => {
  const answer = await world.ann.call("billingPlanPreview", { body: { tier } });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body as PlanPreview;
};
const change = ({ tier, prorationAtMs }: Pick<PlanPreview, "tier" | "prorationAtMs">) =>
  world.ann.call("billingPlan", { body: { tier, prorationAtMs } });
const updateInvoices = () =>
  [...world.fake.state.invoices.values()].filter(({ reason }) => reason === "subscription_update");
const entitled = async () =>
  (await world.api.db.entitlement.findUnique({ where: { userId: world.userId } }))?.tier ?? null;

describe("a dearer plan", () => {
  test("costs what the preview said, is there at once, and brings the credits for the rest of the month, once", async () => {
    // Tokens know the real time alone: the past is where the plan is bought.
    world.pass(-10 * DAY_MS);
    await buy("starter");
    world.pass(10 * DAY_MS);
    const seen = await preview("pro");
    expect(seen).toMatchObject({ kind: "upgrade", nextInvoiceCents: 7_900 });
    expect(seen.dueNowCents).toBeGreaterThan(3_000);
    expect(seen.creditsNow).toBeGreaterThan(900);
    expect((await change(seen)).body).toMatchObject({ tier: "pro", plan: { tier: "pro", nextTier: null } });
    expect(codeOf(await change(seen))).toBe("plan_unchanged");
    await world.settle();
    expect(updateInvoices().map(({ lines }) => lines.reduce((sum, { amount }) => sum + amount, 0))).toEqual([
      seen.dueNowCents,
    ]);
    expect(await world.available()).toBe(500 + seen.creditsNow);
    expect(await world.reconcile()).toEqual([]);
  });

  test("that the card does not pay changes nothing", async () => {
    await buy("starter");
    const { customerId } = await world.api.db.billingCustomer.findFirstOrThrow();
    world.fake.setCard(customerId, "declined");
    expect(codeOf(await change(await preview("max")))).toBe("card_declined");
    await world.settle();
    expect(await entitled()).toBe("starter");
    expect(await world.available()).toBe(500);
  });

  test("is bought once by two clicks at once, and when Stripe's answer is lost", async () => {
    await buy("starter");
    const seen = await preview("pro");
    world.fake.failNext("cut");
    const answers = await Promise.all([change(seen), change(seen)]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    await world.settle();
    expect(updateInvoices()).toHaveLength(1);
    expect(await entitled()).toBe("pro");
  });

  test("is not sold at a price from before", async () => {
    await buy("starter");
    world.pass(-HOUR_MS);
    const seen = await preview("pro");
    world.pass(HOUR_MS);
    expect(codeOf(await change(seen))).toBe("preview_expired");
    expect(codeOf(await change({ ...seen, prorationAtMs: seen.prorationAtMs + 2 * HOUR_MS }))).toBe("preview_expired");
  });
});

describe("a cheaper plan", () => {
  test("begins when what was paid for is over, costs nothing before, and can be taken back", async () => {
    await buy("pro");
    const seen = await preview("starter");
    expect(seen).toMatchObject({ kind: "downgrade", dueNowCents: 0, nextInvoiceCents: 2_900, creditsNow: 0 });
    expect((await change(seen)).body).toMatchObject({ tier: "pro", plan: { tier: "pro", nextTier: "starter" } });
    expect(codeOf(await world.ann.call("billingPlanPreview", { body: { tier: "max" } }))).toBe("plan_change_pending");
    await change(await preview("pro"));
    expect((await world.ann.call("billing")).body as BillingView).toMatchObject({
      plan: { tier: "pro", nextTier: null },
    });
    await change({ ...(await preview("starter")), prorationAtMs: seen.prorationAtMs });
    await world.settle();
    expect(await entitled()).toBe("pro");
    world.pass(32 * DAY_MS);
    await world.settle();
    expect(await entitled()).toBe("starter");
    expect(updateInvoices()).toEqual([]);
    // The first month's credits ended with it.
    expect(await world.available()).toBe(500);
  });

  test("after a cancellation, the present plan goes on when it is chosen again", async () => {
    await buy("pro");
    const { id } = await world.api.db.subscription.findFirstOrThrow();
    await world.stripe.subscriptions.update(id, { cancel_at_period_end: true });
    await world.settle();
    const seen = await preview("pro");
    expect(seen.kind).toBe("keep");
    expect((await change(seen)).body).toMatchObject({ plan: { tier: "pro", endsAtPeriodEnd: false } });
  });
});

test("of several subscriptions the highest counts, each month is granted once, and its end leaves the other", async () => {
  await buy("starter");
  const { customerId } = await world.api.db.billingCustomer.findFirstOrThrow();
  const [price] = (await world.stripe.prices.list({ lookup_keys: ["automna_max_monthly"] })).data;
  world.pass(3 * DAY_MS);
  const second = await world.stripe.subscriptions.create({ customer: customerId, items: [{ price: price?.id ?? "" }] });
  await world.settle();
  expect(await entitled()).toBe("max");
  expect(await world.available()).toBe(500 + 40_000);
  await world.stripe.subscriptions.cancel(second.id);
  await world.settle();
  expect(await entitled()).toBe("starter");
  world.pass(30 * DAY_MS);
  await world.settle();
  const grants = await world.api.db.creditEntry.findMany({ where: { kind: "grant" }, orderBy: { number: "asc" } });
  expect(grants.map(({ credits }) => credits)).toEqual([500, 40_000, 500]);
  expect(await world.reconcile()).toEqual([]);
});

test("a plan can be tried once, with its share of the credits, and is paid for after it", async () => {
  const trial = await startBillingWorld({ trialDays: 15 });
  try {
    expect((await trial.ann.call("billing")).body).toMatchObject({ trialDays: 15 });
    await trial.pay(await trial.ann.call("billingCheckout", { body: { tier: "pro" } }));
    expect(await trial.available()).toBe(1_000);
    expect((await trial.ann.call("billing")).body).toMatchObject({
      tier: "pro",
      trialDays: 0,
      plan: { status: "trialing", trialEndsMs: expect.any(Number) },
    });
    trial.pass(15 * DAY_MS + HOUR_MS);
    await trial.settle();
    expect(await trial.available()).toBe(2_000);
    expect(
      [...trial.fake.state.invoices.values()].map(({ lines }) => lines.reduce((s, { amount }) => s + amount, 0)),
    ).toEqual([0, 7_900]);
  } finally {
    await trial.close();
  }
});

test("the beta price is $19 for twelve months, of Starter alone", async () => {
  await world.stripe.promotionCodes.create({ promotion: { type: "coupon", coupon: "automna_beta" }, code: "EARLY" });
  world.pass(-330 * DAY_MS);
  await world.pay(await world.ann.call("billingCheckout", { body: { tier: "starter", promotionCode: "EARLY" } }));
  world.fake.setWebhookUrl(null); // a year of events that nobody looks at
  world.pass(330 * DAY_MS);
  expect((await preview("pro")).nextInvoiceCents).toBe(7_900);
  world.pass(62 * DAY_MS);
  const paid = (await world.stripe.invoices.list({ limit: 100 })).data.map(({ amount_paid }) => amount_paid);
  expect(paid.filter((cents) => cents === 1_900)).toHaveLength(12);
  expect(paid[0]).toBe(2_900);
});

test("invoices and the next one come from Stripe, and nobody sees another's", async () => {
  expect((await world.ann.call("billingInvoices")).body).toEqual({ invoices: [], next: null });
  await buy("starter");
  const mine = invoicesSchema.parse((await world.ann.call("billingInvoices")).body);
  expect(mine).toMatchObject({ invoices: [{ amountCents: 2_900, status: "paid" }], next: { amountCents: 2_900 } });
  const bob = makeTestBrowser(world.api.origin);
  await bob.signIn(world.api.startLink(), "bob@example.com");
  expect((await bob.call("billingInvoices")).body).toEqual({ invoices: [], next: null });
  expect(codeOf(await bob.call("billingPlanPreview", { body: { tier: "pro" } }))).toBe("billing_not_started");
  expect(codeOf(await bob.call("billingPlan", { body: { tier: "pro", prorationAtMs: world.deps.now() } }))).toBe(
    "billing_not_started",
  );
  expect(codeOf(await bob.call("reconcileBilling", { body: {} }))).toBe("forbidden");
});
