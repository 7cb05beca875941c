import { reconciliationSchema } from "@automna/contract/billing";
import { DAY_MS, HOUR_MS } from "@automna/core/shared/clock";
import { findAccount } from "@automna/records/credits/account";
import { chargeCredits } from "@automna/records/credits/credits";
import { listUnreportedBlocks } from "@automna/records/credits/overage-blocks";
import { listUnmailedWarnings, markWarningMailed, warnOfUsedCredits } from "@automna/records/credits/warnings";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startBillingWorld, type BillingWorld } from "../testing/billing-world.ts";
import { codeOf, makeTestBrowser } from "../testing/test-browser.ts";
import { claimReconciliation } from "./billing-clock.ts";
import { reportOverage } from "./report-overage.ts";
import { creditInvoices } from "./stripe-customer.ts";

let world: BillingWorld;
beforeEach(async () => {
  world = await startBillingWorld();
  await world.pay(await world.ann.call("billingCheckout", { body: { tier: "starter" } }));
});
afterEach(() => world.close());

const buyPacks = async (packs: number) => world.pay(await world.ann.call("billingPacks", { body: { packs } }));
const packInvoice = () => [...world.fake.state.invoices.values()].find(({ reason }) => reason === "manual")?.id ?? "";
const account = () => findAccount(world.api.pool, world.userId);
const spend = (credits: number, key: string) =>
  chargeCredits(world.api.pool, { userId: world.userId, key, credits, resource: "email" }, world.deps.now());

describe("credit packs", () => {
  test("come with the payment, once, stay beyond the month, and are sold to nobody without a plan", async () => {
    const bob = makeTestBrowser(world.api.origin);
    await bob.signIn(world.api.startLink(), "bob@example.com");
    expect(codeOf(await bob.call("billingPacks", { body: { packs: 1 } }))).toBe("billing_not_started");
    world.fake.deliverer.setFaults({ duplicate: 1, delayMs: 100 });
    await buyPacks(3);
    expect(await world.available()).toBe(500 + 3_000);
    world.pass(31 * DAY_MS + HOUR_MS);
    await world.settle();
    expect((await account())?.balances).toMatchObject({ available: 3_000 + 500, expired: 500 });
  });

  test("go with the money, in part and whole; what was spent of them is owed, and shown", async () => {
    await buyPacks(1);
    world.fake.refund(packInvoice(), 400);
    await world.settle();
    expect(await world.available()).toBe(500 + 600);
    await spend(800, "most");
    world.fake.refund(packInvoice());
    await world.settle();
    expect(await account()).toMatchObject({ debt: 300, balances: { available: -300 } });
    expect((await world.ann.call("getCredits")).body).toMatchObject({ remaining: -300, owed: 300 });
    expect(await world.reconcile()).toEqual([]);
  });

  test("are taken back by a dispute and given again when it is won, whatever order the news comes in", async () => {
    await buyPacks(2);
    world.fake.deliverer.setFaults({ duplicate: 1, delayMs: 150 });
    const dispute = world.fake.dispute(packInvoice());
    await world.settle();
    expect(await world.available()).toBe(500);
    world.fake.decideDispute(dispute, "won");
    await world.settle();
    expect(await world.available()).toBe(2_500);
  });
});

describe("overage", () => {
  test("is billed in blocks through the meter, each once, also after a crash between report and note", async () => {
    expect((await world.ann.call("putOverage", { body: { capCredits: 2_000 } })).status).toBe(200);
    await spend(500, "all");
    await spend(1_200, "overage");
    world.fake.failNext("cut", 1);
    const dying = { ...world.api.pool, query: () => Promise.reject(new Error("the process ended")) };
    await expect(reportOverage({ ...world.deps, pool: dying as never })).rejects.toThrow();
    await reportOverage(world.deps);
    await reportOverage(world.deps);
    expect(world.fake.state.meterEvents.size).toBe(2);
    expect(await listUnreportedBlocks(world.api.pool, 10)).toEqual([]);
    world.pass(31 * DAY_MS + HOUR_MS);
    await world.settle();
    const [newest] = (await world.stripe.invoices.list({ limit: 1 })).data;
    expect(newest?.amount_paid).toBe(2_900 + 2 * 1_000);
    expect(await world.available()).toBe(-1_200 + 2_000 + 500);
    expect(await world.reconcile()).toEqual([]);
  });

  test("a report that the meter does not have is listed for a person, and a late one is repaired", async () => {
    await world.ann.call("putOverage", { body: { capCredits: 2_000 } });
    await spend(501, "all and one");
    world.pass(2 * HOUR_MS);
    const { userId } = world;
    expect(await world.reconcile()).toMatchObject([{ kind: "overage", id: userId, isRepaired: true }]);
    world.fake.state.meterEvents.clear();
    expect(await world.reconcile()).toMatchObject([
      { kind: "overage", ours: "1 blocks reported", theirs: "0 blocks metered", isRepaired: false },
    ]);
  });
});

test("everything that was lost is listed by an operator, changed by nothing but the repair, and then whole", async () => {
  world.fake.setWebhookUrl(null);
  await buyPacks(1);
  world.fake.refund(packInvoice(), 500);
  const operator = makeTestBrowser(world.api.origin);
  await operator.signIn(world.api.startLink(), "operator@example.com");
  const ask = async (isDryRun: boolean) =>
    reconciliationSchema.parse((await operator.call("reconcileBilling", { body: { isDryRun } })).body).differences;
  expect(await ask(true)).toMatchObject([{ kind: "invoice", ours: null, isRepaired: false }]);
  expect(await world.available()).toBe(500);
  expect(await ask(false)).toMatchObject([
    { kind: "invoice", isRepaired: true },
    { kind: "returned_money", ours: "0 cents", theirs: "500 cents", isRepaired: true },
  ]);
  expect(await world.available()).toBe(500 + 500);
  expect(await ask(false)).toEqual([]);
  expect(await world.api.db.auditEvent.count({ where: { action: "billing.reconciled" } })).toBe(3);
});

test("the night's reconciliation is one process's, once a day, also after a restart", async () => {
  const at = world.deps.now();
  const claims = await Promise.all([1, 2, 3].map(() => claimReconciliation(world.api.db, at)));
  expect(claims.filter(Boolean)).toHaveLength(1);
  expect(await claimReconciliation(world.api.db, at + 23 * HOUR_MS)).toBe(false);
  expect(await claimReconciliation(world.api.db, at + 25 * HOUR_MS)).toBe(true);
});

test("warnings at 80 % and at 100 % are events, once each a month, until somebody has mailed them", async () => {
  const warn = () => warnOfUsedCredits(world.api.pool, world.deps.now());
  expect(await warn()).toBe(0);
  await spend(400, "most");
  expect(await Promise.all([warn(), warn()]).then(([one, two]) => one + two)).toBe(1);
  await spend(100, "rest");
  expect([await warn(), await warn()]).toEqual([1, 0]);
  const waiting = await listUnmailedWarnings(world.api.pool, 10);
  expect(waiting.map(({ percent, remaining }) => [percent, remaining])).toEqual([
    [80, 100],
    [100, 0],
  ]);
  for (const warning of waiting) await markWarningMailed(world.api.pool, warning, world.deps.now());
  expect(await listUnmailedWarnings(world.api.pool, 10)).toEqual([]);
  expect(await world.api.db.auditEvent.count({ where: { action: "credits.warned" } })).toBe(2);
});

test("a credit on the next invoices is given once per key, also when Stripe has forgotten the call", async () => {
  const credit = { userId: world.userId, amountCents: 1_000, key: "referral/bob", description: "Referral" };
  await creditInvoices({ db: world.api.db, stripe: world.stripe }, credit);
  await creditInvoices({ db: world.api.db, stripe: world.stripe }, credit);
  world.pass(31 * DAY_MS + HOUR_MS);
  await world.settle();
  expect((await world.stripe.invoices.list({ limit: 1 })).data[0]?.amount_paid).toBe(1_900);
});
