import {
  creditsViewSchema,
  modelUsageSchema,
  statementSchema,
  type CreditsView,
  type Statement,
} from "@automna/contract/credits";
import { tierCatalogue } from "@automna/core/tiers/catalogue";
import { chargeCredits, grantCredits, holdCredits } from "@automna/records/credits/credits";
import { makePool } from "@automna/records/pool";
import { insertUsage } from "@automna/records/usage/model-usage";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";
import { codeOf, makeTestBrowser, type TestBrowser } from "../testing/test-browser.ts";
import { grantUnpaidMonth } from "./grant-month.ts";

const MONTH_MS = 32 * 86_400_000;
const monthly = tierCatalogue.local.creditsPerMonth;

let database: TestDatabase;
let api: TestApi;
let owner: TestBrowser;
let userId: string;
let people = 0;
beforeAll(async () => {
  database = await createTestDatabase();
  api = await startTestApi({ databaseUrl: database.urlAs("automna_api") });
});
afterAll(async () => {
  await api.close();
  await database.drop();
});
beforeEach(async () => {
  [owner, userId] = await signInSomebody();
});

async function signInSomebody(): Promise<[TestBrowser, string]> {
  people += 1;
  const browser = makeTestBrowser(api.origin);
  return [browser, await browser.signIn(api.startLink(), `person${people}@example.com`)];
}

async function credits(browser = owner): Promise<CreditsView> {
  return creditsViewSchema.parse((await browser.call("getCredits")).body);
}

async function statement(query = "", browser = owner): Promise<Statement> {
  return statementSchema.parse((await browser.send("GET", `/api/credits/statement${query}`)).body);
}

const charge = (amount: number, key: string) =>
  chargeCredits(api.pool, { userId, key, credits: amount, resource: "email" }, Date.now());

describe("the balance", () => {
  test("begins with the month's credits, once, however often it is looked at", async () => {
    const views = await Promise.all([credits(), credits(), credits()]);
    for (const view of views) expect(view).toMatchObject({ remaining: monthly, month: { credits: monthly, used: 0 } });
    expect((await statement()).entries).toHaveLength(1);
  });

  test("says what is used, what is held, and that AI messages are on the customer's own key", async () => {
    await credits();
    await charge(10, "a");
    const hold = { userId, key: "h", credits: 5, resource: "email" as const, expiresAtMs: Date.now() + 60_000 };
    await holdCredits(api.pool, hold, Date.now());
    expect(await credits()).toMatchObject({
      remaining: monthly - 15,
      held: 5,
      month: { used: 10 },
      usedPercent: 0,
      warning: null,
      aiUsage: "byok",
    });
  });

  test("warns at 80 % and at 100 %", async () => {
    await credits();
    await charge(monthly * 0.8, "most");
    expect(await credits()).toMatchObject({ warning: 80, usedPercent: 80 });
    await charge(monthly * 0.2, "rest");
    expect(await credits()).toMatchObject({ warning: 100, remaining: 0 });
  });

  test("begins anew with the next month; what was left of the last one is gone", async () => {
    await credits();
    await charge(10, "a");
    const { createdAt } = await api.db.user.findUniqueOrThrow({ where: { id: userId } });
    const month = { userId, tier: "local" as const, sinceMs: createdAt.getTime() };
    for (let count = 0; count < 2; count += 1)
      await grantUnpaidMonth(api.pool, month, () => createdAt.getTime() + MONTH_MS);
    expect(await credits()).toMatchObject({ remaining: monthly, month: { used: 0 } });
    expect((await statement()).entries.map(({ text, credits: amount }) => [text, amount])).toEqual([
      ["Monthly credits", monthly],
      ["Expired: Monthly credits", 10 - monthly],
      ["Email sent", -10],
      ["Monthly credits", monthly],
    ]);
  });
});

test("the plan is the one that is paid for, else the agent's, else the one a new agent would get", async () => {
  expect((await credits()).tier).toBe("local");
  await api.db.agent.create({ data: { id: `agt_${userId}`, userId, name: "A", modelSource: "byok", tier: "starter" } });
  expect((await credits()).tier).toBe("starter");
  await api.db.entitlement.create({
    data: { userId, tier: "business", dunning: "clear", since: new Date(), updatedAt: new Date() },
  });
  expect(await credits()).toMatchObject({ tier: "business", aiUsage: "byok", overage: { canUse: true } });
  await api.db.agent.updateMany({ where: { userId }, data: { modelSource: "credits" } });
  expect(await credits()).toMatchObject({ aiUsage: "credits", modelSources: ["byok", "credits", "demo"] });
});

describe("the statement", () => {
  test("comes in pages without a gap or a repetition, and adds up line by line", async () => {
    await credits();
    for (let count = 0; count < 7; count += 1) await charge(count + 1, `run-${count}`);
    const entries: Statement["entries"] = [];
    for (let query = "?limit=3"; query !== "";) {
      const page = await statement(query);
      entries.push(...page.entries);
      query = page.nextBefore === null ? "" : `?limit=3&before=${page.nextBefore}`;
    }
    expect(entries.map(({ number }) => number)).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
    for (const [index, { balance, credits: amount }] of entries.entries())
      expect(balance).toBe((entries[index + 1]?.balance ?? 0) + amount);
    expect(entries[0]?.balance).toBe((await credits()).remaining);
  });

  test("is the same as a file", async () => {
    await credits();
    await charge(3, "a");
    const file = await owner.call("getStatementCsv");
    expect(file.headers.get("content-type")).toContain("text/csv");
    expect(file.headers.get("content-disposition")).toContain("attachment");
    const lines = String(file.body).trimEnd().split("\r\n");
    expect(lines[0]).toBe("number,date,description,credits,balance");
    expect(lines[1]).toMatch(new RegExp(`^2,.*,"Email sent",-3,${monthly - 3}$`));
    expect(lines).toHaveLength(3);
  });

  test("refuses a page that can't be", async () => {
    for (const query of ["?before=0", "?before=x", "?limit=201", "?user=1"])
      expect(codeOf(await owner.send("GET", `/api/credits/statement${query}`)), query).toBe("invalid_request");
  });
});

describe("model use", () => {
  const use = async (browser = owner, query = "") =>
    modelUsageSchema.parse((await browser.send("GET", `/api/credits/usage${query}`)).body).entries;

  test("is shown by day and model, to its owner alone", async () => {
    const egress = makePool(database.urlAs("automna_egress"), { max: 1 });
    const call = {
      userId,
      agentId: "agt_a",
      model: "claude-sonnet-5",
      source: "credits",
      isUtility: false,
      inputTokens: 10,
      outputTokens: 5,
      cacheWriteTokens: 0,
      cacheReadTokens: 1,
      microDollars: 100,
      credits: 1,
      outcome: "complete",
      atMs: Date.now(),
    } as const;
    await insertUsage(egress, [
      { ...call, id: `1${userId}`, runId: "r1" },
      { ...call, id: `2${userId}`, runId: "r2" },
    ]);
    await egress.end();
    expect(await use()).toMatchObject([{ model: "claude-sonnet-5", runs: 2, inputTokens: 20, credits: 2 }]);
    const [stranger] = await signInSomebody();
    expect(await use(stranger)).toEqual([]);
    for (const query of ["?days=0", "?days=91", "?user=1"])
      expect(codeOf(await owner.send("GET", `/api/credits/usage${query}`)), query).toBe("invalid_request");
  });
});

describe("another customer", () => {
  test("sees nothing of it, changes nothing of it, and has an account of their own", async () => {
    await credits();
    await charge(123, "a");
    await grantCredits(api.pool, { userId, key: "g", credits: 77, source: "referral", expiresAtMs: null }, Date.now());
    const [stranger] = await signInSomebody();
    expect(await credits(stranger)).toMatchObject({ remaining: monthly, month: { used: 0 } });
    const theirs = await statement(`?user=${userId}`, stranger).catch(() => null);
    expect(theirs).toBeNull();
    expect((await statement("", stranger)).entries.map(({ text }) => text)).toEqual(["Monthly credits"]);
    expect(String((await stranger.call("getStatementCsv")).body)).not.toContain("Referral");
    expect((await statement()).entries).toHaveLength(3);
  });
});

describe("overage", () => {
  test("is refused where there is nobody to bill, and switching it off is always possible", async () => {
    expect(codeOf(await owner.call("putOverage", { body: { capCredits: 1_000 } }))).toBe("overage_not_possible");
    expect((await owner.call("putOverage", { body: { capCredits: null } })).status).toBe(200);
  });

  test("on a plan for sale the cap is kept, audited, and what spending stops at", async () => {
    await api.db.agent.create({ data: { id: `agt_${userId}`, userId, name: "A", modelSource: "byok", tier: "pro" } });
    const [stranger] = await signInSomebody();
    for (const capCredits of [1_500, 0, -1_000, 1_000_000])
      expect(codeOf(await owner.call("putOverage", { body: { capCredits } })), String(capCredits)).toBe(
        "invalid_request",
      );
    const answer = await owner.call("putOverage", { body: { capCredits: 2_000 } });
    expect(creditsViewSchema.parse(answer.body).overage).toMatchObject({ canUse: true, capCredits: 2_000, blocks: 0 });
    expect((await credits(stranger)).overage.capCredits).toBeNull();
    await charge(2_000, "all");
    expect(await credits()).toMatchObject({ remaining: -2_000, overage: { blocks: 2 } });
    await expect(charge(1, "beyond")).rejects.toMatchObject({ code: "credits_exhausted" });
    const audit = await api.db.auditEvent.findMany({ where: { userId, action: "credits.overage" } });
    expect(audit.map(({ data }) => data)).toEqual([{ capCredits: 2_000 }]);
  });
});
