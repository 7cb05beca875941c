import { randomBytes } from "node:crypto";
import { DAY_MS, HOUR_MS } from "@automna/core/shared/clock";
import type { ReferralsView } from "@automna/contract/referrals";
import { findAccount } from "@automna/records/credits/account";
import { chargeCredits } from "@automna/records/credits/credits";
import { makeSilentLog } from "@automna/service-kit/log";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";
import { makeTestBrowser, type TestBrowser } from "../testing/test-browser.ts";
import { settleReferrals } from "./settle-referrals.ts";

let database: TestDatabase;
let api: TestApi;
let offsetMs: number;
let ann: TestBrowser;
let annId: string;
let code: string;
/** Cards by Stripe customer. */
let cards: Map<string, string[]>;

beforeEach(async () => {
  offsetMs = 0;
  cards = new Map();
  database = await createTestDatabase();
  api = await startTestApi({ databaseUrl: database.urlAs("automna_api"), clockOffsetMs: () => offsetMs });
  ann = makeTestBrowser(api.origin);
  annId = await ann.signIn(api.startLink(), "ann@example.com");
  code = codeIn(await view());
});
afterEach(async () => {
  await api.close();
  await database.drop();
});

const view = async () => (await ann.call("getReferrals")).body as ReferralsView;
const codeIn = ({ link }: ReferralsView) => /\/r\/([0-9a-z]{10})$/.exec(new URL(link).pathname)?.[1] ?? "";
const settle = () =>
  settleReferrals({
    db: api.db,
    pool: api.pool,
    modelKeyRing: api.modelKeyRing,
    log: makeSilentLog(),
    now: () => Date.now() + offsetMs,
    readCards: async (customerId) => cards.get(customerId) ?? [],
  });
const credits = async () => (await findAccount(api.pool, annId))?.balances.available ?? 0;
const stateOf = async (userId: string) => api.db.referral.findUnique({ where: { referredId: userId } });

/** Somebody signs up after they saw the link, from an address of their own. */
async function bring(email: string, address = randomAddress()): Promise<{ userId: string; browser: TestBrowser }> {
  const seenAtMs = Date.now() - HOUR_MS;
  const browser = makeTestBrowser(api.origin);
  const userId = await browser.signIn(api.startLink(), email);
  const headers = { "x-test-address": address };
  expect((await browser.call("claimReferral", { body: { code, seenAtMs }, headers })).status).toBe(204);
  return { userId, browser };
}

const randomAddress = () => `203.${[...randomBytes(3)].join(".")}`;

/** What billing writes when an invoice is paid. */
async function pay(userId: string, amountCents = 2_900, card = `card_${userId}`): Promise<string> {
  const customerId = `cus_${userId}`;
  cards.set(customerId, [card]);
  await api.db.billingCustomer.createMany({ data: [{ userId, customerId }], skipDuplicates: true });
  const id = `in_${userId}_${randomBytes(4).toString("hex")}`;
  const settledAt = new Date(Date.now() + offsetMs);
  await api.db.paidInvoice.create({
    data: { id, userId, subscriptionId: null, grantKey: `invoice:${id}`, credits: 0, amountCents, settledAt },
  });
  return id;
}

test("who brings somebody that pays gets $10 of credits once, with a mail and an end", async () => {
  const { userId } = await bring("bob@example.com");
  await settle();
  expect(await credits()).toBe(0);
  await pay(userId, 0);
  await settle();
  expect(await stateOf(userId)).toMatchObject({ state: "waiting" });
  await pay(userId);
  await pay(userId);
  await Promise.all([settle(), settle()]);
  await settle();
  expect(await credits()).toBe(1_000);
  expect(await api.db.creditGrant.findMany({ where: { userId: annId } })).toMatchObject([
    { source: "referral", credits: 1_000, expiresAt: expect.any(Date) },
  ]);
  expect(await api.db.mail.count({ where: { template: "referral-credit", userId: annId } })).toBe(1);
  expect((await view()).referrals).toMatchObject([{ state: "credited", reason: null }]);
});

test("the first link counts, for good, however often and whatever is claimed", async () => {
  const { userId, browser } = await bring("bob@example.com");
  const eve = makeTestBrowser(api.origin);
  await eve.signIn(api.startLink(), "eve@example.com");
  const other = (await eve.call("getReferrals")).body as ReferralsView;
  const otherCode = codeIn(other);
  const claim = () => browser.call("claimReferral", { body: { code: otherCode, seenAtMs: Date.now() - HOUR_MS } });
  const answers = await Promise.all([claim(), claim()]);
  expect(answers.map(({ status }) => status)).toEqual([204, 204]);
  expect(await stateOf(userId)).toMatchObject({ referrerId: annId });
  expect(await api.db.referral.count()).toBe(1);
});

test("a customer sees their own referrals and nobody else's, and nobody's name", async () => {
  await bring("bob@example.com");
  const eve = makeTestBrowser(api.origin);
  await eve.signIn(api.startLink(), "eve@example.com");
  const other = (await eve.call("getReferrals")).body as ReferralsView;
  expect(other.referrals).toEqual([]);
  expect(other.link).not.toBe((await view()).link);
  expect(JSON.stringify(await view())).not.toContain("bob");
});

test("a code that nobody has says nothing", async () => {
  const bob = makeTestBrowser(api.origin);
  await bob.signIn(api.startLink(), "bob@example.com");
  const body = { code: "0000000000", seenAtMs: Date.now() };
  expect((await bob.call("claimReferral", { body })).status).toBe(204);
  expect(await api.db.referral.count()).toBe(0);
});

describe("nothing is earned", () => {
  const expectRefused = async (userId: string, reason: string) => {
    await pay(userId);
    await settle();
    expect(await stateOf(userId)).toMatchObject({ state: "refused", reason });
    expect(await credits()).toBe(0);
  };

  test("by oneself", async () => {
    await ann.call("claimReferral", { body: { code, seenAtMs: Date.now() - HOUR_MS } });
    await expectRefused(annId, "self");
  });

  test("by another spelling of one's own address", async () => {
    await expectRefused((await bring("ann+2@example.com")).userId, "same_email");
  });

  test("by a mailbox that was brought before", async () => {
    await bring("b.ob@gmail.com");
    await expectRefused((await bring("bob+1@googlemail.com")).userId, "same_email");
  });

  test("by an account that was there before the link", async () => {
    const bob = makeTestBrowser(api.origin);
    const userId = await bob.signIn(api.startLink(), "bob@example.com");
    await bob.call("claimReferral", { body: { code, seenAtMs: Date.now() + HOUR_MS } });
    await expectRefused(userId, "too_late");
  });

  test("by the third sign-up of one network, while others go on counting", async () => {
    await bring("b1@example.com", "198.51.100.1");
    await bring("b2@example.com", "198.51.100.2");
    const other = await bring("b4@example.com", "198.51.101.3");
    await expectRefused((await bring("b3@example.com", "198.51.100.3")).userId, "network_cluster");
    expect(await stateOf(other.userId)).toMatchObject({ state: "waiting" });
  });

  test("by a payment with one's own card", async () => {
    await pay(annId, 2_900, "card_1");
    const { userId } = await bring("bob@example.com");
    await pay(userId, 2_900, "card_1");
    await settle();
    expect(await stateOf(userId)).toMatchObject({ state: "refused", reason: "same_card" });
    expect(await credits()).toBe(0);
  });

  test("by a second account with the same card", async () => {
    const [bob, eve] = [await bring("bob@example.com"), await bring("eve@example.com")];
    await pay(bob.userId, 2_900, "card_1");
    await pay(eve.userId, 2_900, "card_1");
    await settle();
    const states = [await stateOf(bob.userId), await stateOf(eve.userId)].map((referral) => referral?.reason);
    expect(states.toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([null, "same_card"]);
    expect(await credits()).toBe(1_000);
  });

  test("beyond ten in a calendar month", async () => {
    const now = new Date();
    const users = Array.from({ length: 11 }, (_, index) => `user_000000000000000000${index + 10}`);
    await api.db.user.createMany({
      data: users.map((id) => ({ id, email: `${id}@example.com`, issuer: "local" })),
    });
    await api.db.referral.createMany({
      data: users.map((referredId) => ({ referredId, referrerId: annId, createdAt: now })),
    });
    for (const userId of users) await pay(userId);
    await Promise.all([settle(), settle()]);
    await settle();
    expect(await api.db.referral.count({ where: { state: "credited" } })).toBe(10);
    expect(await api.db.referral.count({ where: { state: "refused", reason: "monthly_cap" } })).toBe(1);
    expect(await credits()).toBe(10_000);
  });
});

describe("a payment that goes back", () => {
  const giveBack = (id: string, cents: number) =>
    api.db.paidInvoice.update({ where: { id }, data: { returnedCents: cents } });

  test("takes the credit along, once, also what was spent of it", async () => {
    const { userId } = await bring("bob@example.com");
    const invoice = await pay(userId);
    await settle();
    await chargeCredits(api.pool, { userId: annId, key: "c", credits: 400, resource: "email" }, Date.now());
    await giveBack(invoice, 1_000);
    await settle();
    expect(await credits()).toBe(600);
    await giveBack(invoice, 2_900);
    await Promise.all([settle(), settle()]);
    await settle();
    expect(await credits()).toBe(-400);
    expect(await stateOf(userId)).toMatchObject({ state: "reversed", reason: "payment_returned" });
  });

  test("before anything was given leaves nothing to give", async () => {
    const { userId } = await bring("bob@example.com");
    await giveBack(await pay(userId), 2_900);
    await settle();
    expect(await stateOf(userId)).toMatchObject({ state: "waiting" });
    expect(await credits()).toBe(0);
  });
});

describe("a crash between two steps", () => {
  test.each(["earned", "reversing"] as const)("is made good: the row still says %s", async (state) => {
    const { userId } = await bring("bob@example.com");
    const invoice = await pay(userId);
    await settle();
    if (state === "reversing")
      await api.db.paidInvoice.update({ where: { id: invoice }, data: { returnedCents: 2_900 } });
    if (state === "reversing") await settle();
    // The ledger had it, the row did not.
    await api.db.referral.update({ where: { referredId: userId }, data: { state } });
    await settle();
    expect(await credits()).toBe(state === "earned" ? 1_000 : 0);
    expect(await stateOf(userId)).toMatchObject({ state: state === "earned" ? "credited" : "reversed" });
  });
});

test("cards that can't be read now delay one referral and no other", async () => {
  const [bob, eve] = [await bring("bob@example.com"), await bring("eve@example.com")];
  await pay(bob.userId);
  await pay(eve.userId);
  const away = (customerId: string) => {
    if (customerId === `cus_${bob.userId}`) throw new Error("Stripe is away");
    return [];
  };
  const deps = { db: api.db, pool: api.pool, modelKeyRing: api.modelKeyRing, log: makeSilentLog(), now: Date.now };
  await settleReferrals({ ...deps, readCards: async (customerId) => away(customerId) });
  expect(await stateOf(bob.userId)).toMatchObject({ state: "waiting" });
  expect(await stateOf(eve.userId)).toMatchObject({ state: "credited" });
  offsetMs += DAY_MS;
  await settle();
  expect(await credits()).toBe(2_000);
});
