import { DAY_MS } from "@automna/core/shared/clock";
import { agentAnswerSchema } from "@automna/contract/agents";
import { settleUser } from "@automna/records/billing";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startShop, type Shop, type ShopCustomer } from "../testing/shop.ts";
import { codeOf } from "../testing/test-browser.ts";

const body = { name: "Ada", modelSource: "demo" };

describe.each(["local", "clerk"] as const)("with the %s issuer", (identity) => {
  let database: TestDatabase;
  let shop: Shop;
  let ann: ShopCustomer;
  beforeEach(async () => {
    database = await createTestDatabase();
    shop = await startShop(database.urlAs("automna_api"), identity);
    ann = await shop.customer("ann@example.com");
  });
  afterEach(async () => {
    await shop.close();
    await database.drop();
  });

  const agent = () => shop.api.db.agent.findFirstOrThrow({ where: { userId: ann.userId } });
  const told = async () =>
    (await shop.api.db.outboxEvent.findMany({ where: { userId: ann.userId }, orderBy: { id: "asc" } })).map(
      ({ type }) => type,
    );
  const owe = async () => {
    const { customerId } = await shop.api.db.billingCustomer.findUniqueOrThrow({ where: { userId: ann.userId } });
    shop.fake.setCard(customerId, "declined");
  };

  test("nobody deploys for nothing; with a plan the agent gets the plan's tier, and another plan makes it start anew", async () => {
    const refused = await ann.call("deployAgent", { body });
    expect([refused.status, codeOf(refused)]).toEqual([402, "plan_needed"]);
    expect(refused.body).toMatchObject({ error: { details: { page: "/dashboard/plans" } } });
    expect(await shop.api.db.agent.count()).toBe(0);

    await shop.buy(ann, "starter");
    expect((await ann.call("deployAgent", { body })).status).toBe(202);
    expect(await agent()).toMatchObject({ tier: "starter", generation: 1 });

    const { id } = await shop.api.db.subscription.findFirstOrThrow();
    const [item] = (await shop.stripe.subscriptions.retrieve(id)).items.data;
    const [price] = (await shop.stripe.prices.list({ lookup_keys: ["automna_pro_monthly"] })).data;
    await shop.stripe.subscriptions.update(id, { items: [{ id: item?.id ?? "", price: price?.id ?? "" }] });
    await shop.settle();
    expect(await agent()).toMatchObject({ tier: "pro", generation: 2, desired: "running" });
    await shop.settle();
    expect(await agent()).toMatchObject({ generation: 2 });
  });

  test("a payment that failed: told at once, asleep after a week, warned, and back with the first payment", async () => {
    await shop.buy(ann, "starter");
    const { agent: deployed } = agentAnswerSchema.parse((await ann.call("deployAgent", { body })).body);
    const params = { agentId: deployed.id };
    await owe();
    shop.pass(32 * DAY_MS);
    await shop.settle();
    expect(await told()).toEqual(["billing.payment_failed"]);
    expect((await ann.call("startAgent", { params })).status).toBe(202);

    shop.pass(8 * DAY_MS);
    await shop.settle();
    expect(await agent()).toMatchObject({ desired: "stopped", stoppedFor: "payment_failed" });
    for (const action of ["startAgent", "restartAgent"] as const) {
      const refused = await ann.call(action, { params });
      expect([refused.status, codeOf(refused)]).toEqual([402, "payment_failed"]);
    }
    expect((await ann.call("getAgent", { params })).body).toMatchObject({
      agent: { reason: { title: "Payment failed. Update your card to keep your agent running." } },
    });

    shop.pass(24 * DAY_MS);
    await shop.settle();
    await shop.settle();
    expect(await told()).toEqual(["billing.payment_failed", "billing.put_to_sleep", "billing.delete_due"]);

    // Stripe has given up by now: the plan is over, and buying it anew brings the same agent back.
    expect(await agent()).toMatchObject({ stoppedFor: "plan_ended" });
    await shop.buy(ann, "starter");
    expect(await agent()).toMatchObject({ desired: "running", stoppedFor: null, id: deployed.id });
    expect((await told()).at(-1)).toBe("billing.restored");
  });

  test("who settles at the same moment, or after a crash in between, does not do it again", async () => {
    await shop.buy(ann, "starter");
    await ann.call("deployAgent", { body });
    const { id } = await shop.api.db.subscription.findFirstOrThrow();
    shop.fake.setWebhookUrl(null);
    await shop.stripe.subscriptions.cancel(id);
    await shop.api.db.subscription.update({ where: { id }, data: { status: "canceled", endedAt: new Date() } });
    const settleOnce = (crash = false) =>
      shop.api.db.$transaction(async (tx) => {
        await settleUser(tx, ann.userId, new Date());
        if (crash) throw new Error("crash");
      });
    await expect(settleOnce(true)).rejects.toThrow("crash");
    expect(await agent()).toMatchObject({ desired: "running" });
    await Promise.all([settleOnce(), settleOnce(), settleOnce()]);
    expect(await agent()).toMatchObject({ desired: "stopped", stoppedFor: "plan_ended" });
    expect(await told()).toEqual(["billing.put_to_sleep"]);
    expect(await shop.api.db.agentEvent.count({ where: { type: "agent.stopped_by_service" } })).toBe(1);
  });

  test("a purchase whose news are late is found by its own id, by its buyer alone", async () => {
    shop.fake.setWebhookUrl(null);
    const { body: made } = await ann.call("billingCheckout", { body: { tier: "pro" } });
    const checkoutId = new URL((made as { url: string }).url).pathname.split("/").at(-1) ?? "";
    const outcome = () => ann.call("billingCheckoutOutcome", { params: { checkoutId } });
    expect((await outcome()).body).toEqual({ state: "open" });
    shop.fake.completeCheckout(checkoutId);
    const bob = await shop.customer("bob@example.com");
    expect(codeOf(await bob.call("billingCheckoutOutcome", { params: { checkoutId } }))).toBe("checkout_not_found");
    expect(codeOf(await ann.call("billingCheckoutOutcome", { params: { checkoutId: "cs_test_unknown1" } }))).toBe(
      "checkout_not_found",
    );
    expect((await outcome()).body).toEqual({ state: "done" });
    expect((await outcome()).body).toEqual({ state: "done" });
    expect((await ann.call("deployAgent", { body })).status).toBe(202);
  });
});
