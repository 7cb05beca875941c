import { DAY_MS, HOUR_MS } from "@automna/core/shared/clock";
import { referralCoupon } from "@automna/core/referrals/referral";
import { startFakeSmtp, type FakeSmtp } from "@automna/testkit/fakes/smtp";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startBillingWorld, type BillingWorld } from "../testing/billing-world.ts";
import { makeTestBrowser, type TestBrowser } from "../testing/test-browser.ts";

let world: BillingWorld;
let smtp: FakeSmtp;
beforeEach(async () => {
  smtp = await startFakeSmtp();
  world = await startBillingWorld({ smtpUrl: smtp.url });
});
afterEach(async () => {
  await world.close();
  await smtp.close();
});

const buy = async (browser: TestBrowser, tier: string) =>
  world.pay(await browser.call("billingCheckout", { body: { tier } }));
const paid = async () =>
  (await world.stripe.invoices.list({ limit: 100 })).data.map(({ amount_paid }) => amount_paid).toReversed();

async function linkTo(email: string): Promise<URL> {
  await world.api.mail.runOnce();
  const mail = await smtp.mailsTo(email).at(-1)?.parsed;
  return new URL(/https?:\/\/\S+/.exec(mail?.text ?? "")?.[0] ?? "");
}

/** From the form on the landing page to the account that accepted the invitation. */
async function invited(email: string, promotionCode: string): Promise<TestBrowser> {
  const browser = makeTestBrowser(world.api.origin);
  await browser.call("joinWaitlist", { body: { email } });
  await fetch(await linkTo(email), { method: "POST" });
  const operator = makeTestBrowser(world.api.origin);
  await operator.signIn(world.api.startLink(), "operator@example.com");
  await operator.call("adminInvite", { body: { count: 1, promotionCode } });
  const code = (await linkTo(email)).searchParams.get("invite") ?? "";
  await browser.signIn(world.api.startLink(), email);
  expect((await browser.call("redeemInvite", { body: { code } })).body).toEqual({ hasBetaPrice: true });
  return browser;
}

/** Somebody who came through the customer's link. */
async function referred(email: string): Promise<TestBrowser> {
  const { link } = (await world.ann.call("getReferrals")).body as { link: string };
  const browser = makeTestBrowser(world.api.origin);
  await browser.signIn(world.api.startLink(), email);
  const claim = { code: link.split(/[/=]/).at(-1) ?? "", seenAtMs: Date.now() - HOUR_MS };
  expect((await browser.call("claimReferral", { body: claim })).status).toBe(204);
  return browser;
}

describe("the beta price of an invitation", () => {
  beforeEach(async () => {
    await world.stripe.promotionCodes.create({ promotion: { type: "coupon", coupon: "automna_beta" }, code: "BETA19" });
  });

  test("comes from the waitlist to the invoice: $19, with all of the plan's credits", async () => {
    const bob = await invited("bob@example.com", "BETA19");
    await buy(bob, "starter");
    expect(await paid()).toEqual([1_900]);
    expect((await bob.call("getCredits")).body).toMatchObject({ remaining: 500 });
    expect((await bob.call("billing")).body).toMatchObject({ tier: "starter" });
  });

  test("is of Starter alone: another plan is bought at its price, and the purchase goes on", async () => {
    await buy(await invited("bob@example.com", "BETA19"), "pro");
    expect(await paid()).toEqual([7_900]);
  });

  test("that is no longer given does not stand in the way of a purchase", async () => {
    await buy(await invited("bob@example.com", "GONE"), "starter");
    expect(await paid()).toEqual([2_900]);
  });

  test("is not given anew to who cancels and comes back", async () => {
    const bob = await invited("bob@example.com", "BETA19");
    await buy(bob, "starter");
    const [subscription] = (await world.stripe.subscriptions.list()).data;
    await world.stripe.subscriptions.cancel(subscription?.id ?? "");
    await world.settle();
    await buy(bob, "starter");
    expect(await paid()).toEqual([1_900, 2_900]);
  });
});

describe("who came through a link", () => {
  test("pays $10 less once, and the one who sent them earns the credits for the first paid invoice", async () => {
    const bob = await referred("bob@example.com");
    await buy(bob, "pro");
    expect(await paid()).toEqual([7_900 - referralCoupon.amountOffCents]);
    world.pass(32 * DAY_MS);
    expect(await paid()).toEqual([6_900, 7_900]);
  });

  test("gets nothing off when the referral was refused", async () => {
    const alias = await referred("ann+1@example.com");
    await buy(alias, "pro");
    expect(await paid()).toEqual([7_900]);
  });

  test("buys at the full price in an account of Stripe's that lacks the coupon", async () => {
    world.fake.state.coupons.delete(referralCoupon.id);
    await buy(await referred("bob@example.com"), "pro");
    expect(await paid()).toEqual([7_900]);
  });
});
