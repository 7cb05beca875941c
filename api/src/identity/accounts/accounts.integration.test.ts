import { DAY_MS } from "@automna/core/shared/clock";
import { DELETE_WORDS } from "@automna/contract/identity";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startShop, type Shop, type ShopCustomer } from "../../testing/shop.ts";
import { codeOf } from "../../testing/test-browser.ts";

const body = { confirm: DELETE_WORDS };

describe.each(["local", "clerk"] as const)("with the %s issuer", (identity) => {
  let database: TestDatabase;
  let shop: Shop;
  let ann: ShopCustomer;
  beforeEach(async () => {
    database = await createTestDatabase();
    shop = await startShop(database.urlAs("automna_api"), identity);
    ann = await shop.customer("ann@example.com");
    await shop.buy(ann, "starter");
    await ann.call("deployAgent", { body: { name: "Ada", personality: "Knows all of Ann.", modelSource: "demo" } });
  });
  afterEach(async () => {
    await shop.close();
    await database.drop();
  });

  const agent = () => shop.api.db.agent.findFirstOrThrow({ where: { userId: ann.userId } });
  const liveSubscriptions = async () => (await shop.stripe.subscriptions.list({ status: "active" })).data.length;

  test("deleting an account ends the plan and stops the agent now, and erases after thirty days, not before", async () => {
    expect((await ann.call("deleteAccount", { body: { confirm: "yes" } })).status).toBe(400);
    expect((await ann.call("deleteAccount", { body })).status).toBe(202);
    await shop.settle();
    expect(await liveSubscriptions()).toBe(0);
    expect(await agent()).toMatchObject({ desired: "stopped", stoppedFor: "account_ending" });
    const params = { agentId: (await agent()).id };
    expect(codeOf(await ann.call("startAgent", { params }))).toBe("account_ending");
    expect(codeOf(await ann.call("billingCheckout", { body: { tier: "pro" } }))).toBe("account_ending");

    shop.pass(30 * DAY_MS - 3_600_000);
    await shop.settle();
    expect(await agent()).toMatchObject({ desired: "stopped", name: "Ada" });
    shop.pass(7_200_000);
    await shop.settle();
    await shop.settle();
    expect(await agent()).toMatchObject({ desired: "deleted", name: "", personality: "" });
    const user = await shop.api.db.user.findUniqueOrThrow({ where: { id: ann.userId } });
    expect(user).toMatchObject({ state: "deleted", name: "", email: `${ann.userId}@deleted.invalid` });
    expect((await ann.call("me")).status).toBe(401);
    const left = await shop.api.db.inboxEvent.findMany({ where: { payload: { contains: "ann@example.com" } } });
    expect(left).toEqual([]);
    expect(await shop.api.db.auditEvent.count({ where: { userId: ann.userId, action: "account.erased" } })).toBe(1);
    expect(await shop.api.db.creditEntry.count({ where: { userId: ann.userId } })).toBeGreaterThan(0);
    expect(shop.clerk?.state.users.has(ann.userId) ?? false).toBe(false);
  });

  test("who changes their mind has everything back, with a new plan, and can't twice do anything wrong", async () => {
    const { id } = await agent();
    await Promise.all([ann.call("deleteAccount", { body }), ann.call("deleteAccount", { body })]);
    await shop.settle();
    expect(await shop.api.db.auditEvent.count({ where: { action: "account.deletion_requested" } })).toBe(1);
    shop.pass(10 * DAY_MS);
    expect((await ann.call("keepAccount")).body).toEqual({ deletion: null });
    expect((await ann.call("keepAccount")).body).toEqual({ deletion: null });
    expect(codeOf(await ann.call("startAgent", { params: { agentId: id } }))).toBe("plan_ended");
    await shop.buy(ann, "pro");
    expect(await agent()).toMatchObject({ id, desired: "running", stoppedFor: null, tier: "pro", name: "Ada" });
  });

  test("an account does not end while Stripe can't be told, and another's is none of its business", async () => {
    const bob = await shop.customer("bob@example.com");
    await shop.buy(bob, "starter");
    shop.fake.failNext("refuse", 3);
    await ann.call("deleteAccount", { body });
    await expect(shop.settle()).rejects.toThrow(/Try again later/);
    expect(await agent()).toMatchObject({ desired: "stopped" });
    await shop.settle();
    expect((await bob.call("accountDeletion")).body).toEqual({ deletion: null });
  });
});

test("an account that is gone at Clerk ends as one that was deleted here, and can't be taken back", async () => {
  const database = await createTestDatabase();
  const shop = await startShop(database.urlAs("automna_api"), "clerk");
  try {
    const ann = await shop.customer("ann@example.com");
    await shop.buy(ann, "starter");
    await ann.call("deployAgent", { body: { name: "Ada", modelSource: "demo" } });
    await fetch(`${shop.clerk?.url}/v1/users/${ann.userId}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${shop.clerk?.secretKey}` },
    });
    await shop.settle();
    expect((await ann.call("me")).status).toBe(401);
    expect((await shop.stripe.subscriptions.list({ status: "active" })).data).toEqual([]);
    const agent = () => shop.api.db.agent.findFirstOrThrow({ where: { userId: ann.userId } });
    expect(await agent()).toMatchObject({ desired: "stopped", stoppedFor: "account_ending" });
    shop.pass(31 * DAY_MS);
    await shop.settle();
    expect(await agent()).toMatchObject({ desired: "deleted" });
  } finally {
    await shop.close();
    await database.drop();
  }
});
