import { DAY_MS } from "@automna/core/shared/clock";
import { reconcileBilling } from "./reconcile-billing.ts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startBillingWorld, type BillingWorld } from "../testing/billing-world.ts";
import { findLastReconciliation } from "./last-reconciliation.ts";

let world: BillingWorld;
beforeEach(async () => {
  world = await startBillingWorld();
});
afterEach(() => world.close());

const settledInvoices = async () => (await world.api.db.paidInvoice.findMany()).length;

test("months without any news or comparison are made up for as a whole, the first time and later", async () => {
  world.fake.setWebhookUrl(null);
  await world.pay(await world.ann.call("billingCheckout", { body: { tier: "starter" } }));
  for (let month = 0; month < 4; month += 1) world.pass(31 * DAY_MS);
  expect(await settledInvoices()).toBe(0);
  await world.reconcile();
  const paidByThen = world.fake.state.invoices.size;
  expect([paidByThen >= 4, await settledInvoices()]).toEqual([true, paidByThen]);

  for (let month = 0; month < 5; month += 1) world.pass(31 * DAY_MS);
  // Who only looked has repaired nothing.
  await reconcileBilling(world.deps, { by: null, isDryRun: true });
  expect(await settledInvoices()).toBe(paidByThen);
  await world.reconcile();
  expect(await settledInvoices()).toBe(world.fake.state.invoices.size);
  expect(await world.reconcile()).toEqual([]);
});

test("what it counts from is the api's clock at the beginning of the last comparison", async () => {
  expect(await findLastReconciliation(world.api.db)).toBe(0);
  world.pass(40 * DAY_MS);
  const before = world.deps.now();
  await world.reconcile();
  const at = await findLastReconciliation(world.api.db);
  expect(at).toBeGreaterThanOrEqual(before);
  expect(at).toBeLessThanOrEqual(world.deps.now());
});
