import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS } from "@automna/core/shared/clock";
import { newId } from "@automna/service-kit/new-id";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { makePool, type Pool } from "../pool.ts";
import { findAccount, findBooksProblems, setOverageCap } from "./account.ts";
import {
  captureCredits,
  chargeCredits,
  grantCredits,
  holdCredits,
  refundCredits,
  releaseCredits,
  renewCredits,
  revokeGrant,
  takeBackCredits,
} from "./credits.ts";
import { blockIdentifier, listUnreportedBlocks, markBlockReported } from "./overage-blocks.ts";
import { sweepCredits } from "./sweep.ts";

let database: TestDatabase;
let owner: Pool;
let api: Pool;
let egress: Pool;
let userId: string;
const now = Date.UTC(2026, 10, 22);

beforeAll(async () => {
  database = await createTestDatabase();
  owner = makePool(database.url, { max: 2 });
  api = makePool(database.urlAs("automna_api"), { max: 8 });
  egress = makePool(database.urlAs("automna_egress"), { max: 8 });
});
afterAll(async () => {
  expect(await findBooksProblems(api)).toEqual([]);
  await Promise.all([owner.end(), api.end(), egress.end()]);
  await database.drop();
});
beforeEach(async () => {
  userId = newId("user");
  await owner.query("INSERT INTO users (id, email, issuer, updated_at) VALUES ($1, $1, 'local', now())", [userId]);
});

const grant = (credits: number, key = "pack", expiresAtMs: number | null = null) =>
  grantCredits(api, { userId, key, credits, source: "pack", expiresAtMs }, now);
const charge = (credits: number, key: string) =>
  chargeCredits(egress, { userId, key, credits, resource: "ai_message" }, now);
const hold = (credits: number, key: string) =>
  holdCredits(egress, { userId, key, credits, resource: "ai_message_deep", expiresAtMs: now + HOUR_MS }, now);
const balances = async () => (await findAccount(api, userId))?.balances;

describe("the same call twice", () => {
  test("is posted once, also when both arrive at once", async () => {
    const grants = await Promise.all([grant(100), grant(100), grant(100)]);
    expect(grants.filter(({ isNew }) => isNew)).toHaveLength(1);
    const charges = await Promise.all(Array.from({ length: 5 }, () => charge(7, "run-1")));
    expect(charges.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(await balances()).toEqual({ issued: 100, available: 93, held: 0, spent: 7, expired: 0 });
  });

  test("with another amount under the same key is a conflict and changes nothing", async () => {
    await grant(100);
    await charge(7, "run-1");
    await expect(charge(8, "run-1")).rejects.toMatchObject({ code: "credit_conflict" });
    await expect(grant(101)).rejects.toMatchObject({ code: "credit_conflict" });
    expect((await balances())?.available).toBe(93);
  });
});

describe("spending", () => {
  test("stops at 0 while overage is off, and nothing of a refused charge remains", async () => {
    await grant(10);
    const results = await Promise.allSettled(Array.from({ length: 30 }, (_, index) => charge(1, `run-${index}`)));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(10);
    await expect(charge(1, "one-more")).rejects.toMatchObject({
      code: "credits_exhausted",
      details: { available: 0, missing: 1 },
    });
    await grant(1, "another");
    expect((await charge(1, "one-more")).isNew).toBe(true);
  });

  test("goes down to −cap while overage is on, and each block of 1,000 is one usage record", async () => {
    await grant(10);
    await setOverageCap(api, userId, 2_000);
    await charge(10, "all");
    expect(await listMyBlocks()).toEqual([]);
    await charge(1, "first-of-block-1");
    await charge(999, "rest-of-block-1");
    expect((await listMyBlocks()).map(({ number }) => number)).toEqual([1]);
    await charge(1_000, "block-2");
    await expect(charge(1, "beyond")).rejects.toMatchObject({ code: "credits_exhausted" });
    const blocks = await listMyBlocks();
    expect(blocks.map(({ number }) => number)).toEqual([1, 2]);
    expect(new Set(blocks.map(blockIdentifier)).size).toBe(2);
    for (const block of blocks) await markBlockReported(api, block, now);
    expect(await listMyBlocks()).toEqual([]);
  });

  test("books what was used already even beyond the cap, and starts no block that nobody agreed to", async () => {
    await chargeCredits(egress, { userId, key: "m", credits: 5, resource: "browser_minute", isOwed: true }, now);
    expect((await balances())?.available).toBe(-5);
    expect(await listMyBlocks()).toEqual([]);
    await grant(100);
    expect((await balances())?.available).toBe(95);
  });

  test("gives a refund back once, and never more than was taken", async () => {
    await grant(100);
    await charge(10, "run");
    await expect(refundCredits(api, { userId, key: "run", credits: 11 }, now)).rejects.toMatchObject({
      details: { reason: "nothing_charged" },
    });
    await refundCredits(api, { userId, key: "run", credits: 10 }, now);
    expect((await refundCredits(api, { userId, key: "run", credits: 10 }, now)).isNew).toBe(false);
    expect(await balances()).toMatchObject({ available: 100, spent: 0 });
  });
});

describe("a hold", () => {
  test("is captured for what was used; the rest comes back", async () => {
    await grant(10);
    await hold(5, "run");
    expect(await balances()).toMatchObject({ available: 5, held: 5 });
    await captureCredits(egress, { userId, key: "run", credits: 2 }, now);
    expect((await captureCredits(egress, { userId, key: "run", credits: 2 }, now)).isNew).toBe(false);
    expect(await balances()).toMatchObject({ available: 8, held: 0, spent: 2 });
    await expect(releaseCredits(egress, { userId, key: "run" }, now)).rejects.toMatchObject({
      details: { reason: "hold_closed" },
    });
  });

  test("that was too small takes the rest from the balance", async () => {
    await grant(5);
    await hold(5, "run");
    await captureCredits(egress, { userId, key: "run", credits: 8 }, now);
    expect(await balances()).toMatchObject({ available: -3, held: 0, spent: 8 });
  });

  test("that nobody closes is released in time, and a late capture still counts once", async () => {
    await grant(5);
    await hold(5, "run");
    await expect(charge(1, "other")).rejects.toMatchObject({ code: "credits_exhausted" });
    expect((await sweepCredits(api, now + HOUR_MS)).holds).toBeGreaterThanOrEqual(1);
    expect(await balances()).toMatchObject({ available: 5, held: 0 });
    await captureCredits(egress, { userId, key: "run", credits: 5 }, now);
    expect((await captureCredits(egress, { userId, key: "run", credits: 5 }, now)).isNew).toBe(false);
    expect(await balances()).toMatchObject({ available: 0, held: 0, spent: 5 });
  });
});

describe("grants", () => {
  test("are spent in the order in which they expire, and the rest of each expires alone", async () => {
    await grant(100, "lasting");
    await grant(50, "december", now + 20 * DAY_MS);
    await grant(30, "november", now + 5 * DAY_MS);
    await charge(40, "run"); // all of november, 10 of december
    await sweepCredits(api, now + 6 * DAY_MS);
    expect(await balances()).toMatchObject({ available: 140, expired: 0 });
    await sweepCredits(api, now + 21 * DAY_MS);
    expect(await balances()).toMatchObject({ available: 100, expired: 40 });
    expect((await sweepCredits(api, now + 22 * DAY_MS)).grants).toBe(0);
  });

  test("a revoked grant takes back what is left of it, once", async () => {
    await grant(100, "pack");
    await grant(50, "promo", now + DAY_MS);
    await charge(70, "run"); // 50 of promo, 20 of pack
    expect(await revokeGrant(api, { userId, key: "pack" }, now)).toMatchObject({ isNew: true, credits: 80 });
    expect(await revokeGrant(api, { userId, key: "pack" }, now)).toMatchObject({ isNew: false, credits: 80 });
    expect(await balances()).toMatchObject({ issued: 70, available: 0, spent: 70 });
  });
});

describe("a payment that goes back", () => {
  const takeBack = (credits: number) => takeBackCredits(api, { userId, key: "pack", credits }, now);

  test("takes its credits along, in part and whole, and gives them back when it comes again", async () => {
    await grant(100, "pack");
    await takeBack(30);
    expect((await takeBack(30)).isNew).toBe(false);
    expect(await balances()).toMatchObject({ issued: 70, available: 70 });
    await takeBack(100);
    expect(await balances()).toMatchObject({ issued: 0, available: 0 });
    await takeBack(0);
    expect(await balances()).toMatchObject({ issued: 100, available: 100 });
    await charge(100, "all of it");
  });

  test("leaves a debt where they were spent, which new credits pay and overage never bills", async () => {
    await grant(1_500, "pack");
    await setOverageCap(api, userId, 3_000);
    await charge(1_200, "run");
    await takeBack(1_500);
    expect(await findAccount(api, userId)).toMatchObject({
      debt: 1_200,
      overageBlocks: 0,
      balances: { available: -1_200 },
    });
    await charge(1, "first of overage");
    expect(await listMyBlocks()).toHaveLength(1);
    await grant(1_000, "another");
    expect(await findAccount(api, userId)).toMatchObject({ debt: 201, balances: { available: -201 } });
    await grant(500, "third");
    expect(await findAccount(api, userId)).toMatchObject({ debt: 0, balances: { available: 299 } });
  });

  test("of a grant that nobody made is a conflict", async () => {
    await expect(takeBack(1)).rejects.toMatchObject({ details: { reason: "no_such_grant" } });
  });
});

describe("a monthly period", () => {
  const month = (number: number) => ({
    userId,
    key: "",
    credits: 500,
    periodStartMs: Date.UTC(2026, number, 1),
    periodEndMs: Date.UTC(2026, number + 1, 1),
  });

  test("ends the last month's credits and grants the next, once each, in whatever order they come", async () => {
    await renewCredits(api, month(9), Date.UTC(2026, 9, 1));
    await charge(120, "run");
    await renewCredits(api, month(10), Date.UTC(2026, 10, 1));
    expect((await renewCredits(api, month(10), Date.UTC(2026, 10, 1))).isNew).toBe(false);
    expect((await renewCredits(api, month(8), Date.UTC(2026, 10, 1))).isNew).toBe(false);
    expect(await balances()).toEqual({ issued: 1_000, available: 500, held: 0, spent: 120, expired: 380 });
    expect(await findAccount(api, userId)).toMatchObject({ periodSpentBase: 120, overageBlocks: 0 });
  });

  test("what is left of a paid block of overage is the customer's", async () => {
    await renewCredits(api, month(9), Date.UTC(2026, 9, 1));
    await setOverageCap(api, userId, 3_000);
    await charge(500, "all");
    await charge(1_200, "overage");
    expect(await findAccount(api, userId)).toMatchObject({ overageBlocks: 2 });
    await renewCredits(api, month(10), Date.UTC(2026, 10, 1));
    // −1,200 + 2 blocks + 500
    expect(await findAccount(api, userId)).toMatchObject({ overageBlocks: 0, balances: { available: 1_300 } });
    await renewCredits(api, month(11), Date.UTC(2026, 11, 1));
    expect(await balances()).toMatchObject({ available: 1_300, expired: 500 });
  });
});

describe("the ledger stays as it was written", () => {
  test("no service, nor the owner of the tables, can change or delete an entry", async () => {
    await grant(10);
    const statements = [
      "UPDATE credit_entries SET credits = 1",
      "DELETE FROM credit_entries",
      "TRUNCATE credit_entries",
    ];
    for (const statement of statements) {
      for (const pool of [api, egress]) await expect(pool.query(statement)).rejects.toThrow(/permission denied/);
      await expect(owner.query(statement)).rejects.toThrow(/ledger entries are never changed/);
    }
  });

  test("balances that are not the sum of the accounts can't be stored", async () => {
    await grant(10);
    await expect(
      api.query("UPDATE credit_accounts SET available = available + 1 WHERE user_id = $1", [userId]),
    ).rejects.toThrow(/credit_accounts_balanced/);
  });

  test("egress can spend credits and can't make any", async () => {
    await grant(10);
    const make = "UPDATE credit_accounts SET issued = issued + 5, available = available + 5 WHERE user_id = $1";
    await expect(egress.query(make, [userId])).rejects.toThrow(/permission denied/);
    await expect(
      grantCredits(egress, { userId, key: "self", credits: 5, source: "promo", expiresAtMs: null }, now),
    ).rejects.toThrow(/permission denied/);
    expect((await balances())?.available).toBe(10);
  });

  test("a service without business in it can't read it", async () => {
    const ingress = makePool(database.urlAs("automna_ingress"), { max: 1 });
    try {
      await expect(ingress.query("SELECT * FROM credit_accounts")).rejects.toThrow(/permission denied/);
    } finally {
      await ingress.end();
    }
  });
});

async function listMyBlocks() {
  return (await listUnreportedBlocks(api, 1_000)).filter((block) => block.userId === userId);
}
