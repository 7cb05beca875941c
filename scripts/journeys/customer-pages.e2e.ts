import { openStripe } from "../../api/src/billing/open-stripe.ts";
import { ensureStripeCatalogue } from "../../api/src/billing/stripe-catalogue.ts";
import { makeTestBrowser } from "../../api/src/testing/test-browser.ts";
import { DELETE_WORDS } from "@automna/contract/identity";
import { createPrismaClient } from "@automna/prisma/client";
import type { Database } from "@automna/records/database";
import { newId } from "@automna/service-kit/new-id";
import { findChromium, launchBrowser, type Browser, type Page } from "@automna/testkit/browser";
import { startFakeStripe, type FakeStripe } from "@automna/testkit/fakes/stripe/fake-stripe";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serveDashboard, type ServedDashboard } from "../accessibility/serve-dashboard.ts";

const isMissing = findChromium() === null && process.env["CI"] !== "true";
if (isMissing) console.warn("customers' pages: not run: there is no Chromium on this machine");

// One customer's way, in order: each step begins where the one before has left off.
describe.skipIf(isMissing)("a customer, from the first link to the last page,", () => {
  let database: TestDatabase;
  let db: Database;
  let fake: FakeStripe;
  let browser: Browser;
  let served: ServedDashboard;
  let page: Page;
  let link: string;
  let userId: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    db = createPrismaClient(database.url, { max: 2 });
    fake = await startFakeStripe();
    const stripe = openStripe({ key: fake.apiKey, url: fake.url });
    await ensureStripeCatalogue(stripe);
    browser = await launchBrowser();
    served = await serveDashboard(browser, database.urlAs("automna_api"), {
      stripe: { stripe, webhookSecret: fake.webhookSecret },
      freeTier: null,
    });
    fake.setWebhookUrl(`${served.api.origin}/api/webhooks/stripe`);
    const friend = makeTestBrowser(served.api.origin);
    await friend.signIn(served.api.startLink(), "friend@example.net");
    ({ link } = (await friend.call("getReferrals")).body as { link: string });
    page = await (await served.open({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce" })).newPage();
  });
  afterAll(async () => {
    await browser?.close();
    await served?.api.close();
    await fake?.close();
    await db?.$disconnect();
    await database?.drop();
  });

  const open = (path: string) => page.goto(served.api.origin + path);
  /** Stripe's page leads back by a redirect, which the browser follows past the stand-in for the edge: asked for anew. */
  const payAtStripe = async () => {
    await page.getByTestId("pay").click();
    await page.waitForURL(`${served.api.origin}/dashboard/**`);
    await page.reload();
  };
  const settle = async () => {
    await fake.deliverer.drained();
    await served.api.inbox.runOnce();
  };

  test("comes by a friend's short link and asks for a place on the waitlist", async () => {
    await page.goto(link);
    await page.getByRole("heading", { level: 1 }).waitFor();
    expect(new URL(page.url()).pathname).toBe("/");
    await page.getByLabel("E-mail").fill("ann@nowhere");
    await page.getByRole("button", { name: "Join the waitlist" }).click();
    await page.getByRole("alert").waitFor();
    expect(await db.waitlistEntry.count()).toBe(0);
    await page.getByLabel("E-mail").fill("ann@example.com");
    await page.getByRole("button", { name: "Join the waitlist" }).click();
    await page.getByText("Please look into your mail.").waitFor();
    expect(await db.waitlistEntry.count({ where: { email: "ann@example.com" } })).toBe(1);
  });

  test("signs in, chooses a plan and pays at Stripe, $10 less for the link", async () => {
    await page.goto(served.api.startLink());
    await open("/sign-in");
    await page.getByLabel("E-mail").fill("ann@example.com");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByTestId("plans").waitFor();
    userId = (await db.user.findFirstOrThrow({ where: { email: "ann@example.com" } })).id;
    await expect.poll(() => db.referral.count({ where: { referredId: userId, state: "waiting" } })).toBe(1);
    await page.getByRole("button", { name: "Choose Starter" }).click();
    await payAtStripe();
    await page.getByRole("heading", { name: "Your plan is active." }).waitFor();
    expect([...fake.state.invoices.values()].map(({ discounted }) => discounted)).toEqual([1_000]);
    await page.getByTestId("wizard-model").waitFor();
    await settle();
  });

  test("changes the plan at the price that was shown, and buys a credit pack", async () => {
    const agent = { id: newId("agt"), userId, name: "Nova", modelSource: "demo" as const, tier: "starter" };
    await db.agent.create({ data: { ...agent, phase: "asleep", desired: "stopped" } });
    await open("/dashboard/billing");
    await page.getByTestId("current-plan").getByText("Starter").waitFor();
    await page.getByTestId("next-invoice").getByText("Next invoice: $29").waitFor();
    await page.getByRole("button", { name: "Switch Business" }).click();
    const [, shown = ""] =
      /Pay (\$[\d.,]+) and change/.exec(await page.getByRole("button", { name: /^Pay .* and change$/ }).innerText()) ??
      [];
    await page.getByRole("button", { name: /^Pay .* and change$/ }).click();
    await page.getByTestId("current-plan").getByText("Business").waitFor();
    const paid = [...fake.state.invoices.values()].find(({ reason }) => reason === "subscription_update");
    const cents = paid?.lines.reduce((sum, { amount }) => sum + amount, 0) ?? 0;
    expect(Number(shown.replaceAll(/[$,]/g, "")) * 100).toBeCloseTo(cents, 5);
    await page.getByLabel("Packs of 1,000 credits").fill("2");
    await page.getByRole("button", { name: "Buy" }).click();
    await payAtStripe();
    await page.getByTestId("current-plan").waitFor();
    await settle();
    await open("/dashboard/billing");
    await page.getByRole("row").or(page.getByRole("listitem")).filter({ hasText: "$20" }).first().waitFor();
  });

  test("reads the balance, line by line and as a file, caps the overage, and passes a link on", async () => {
    await open("/dashboard/usage");
    const balance = await page.getByTestId("balance").innerText();
    const left = Number(/([\d,]+) credits/.exec(balance)?.[1]?.replaceAll(",", ""));
    expect(left).toBeGreaterThan(2_500);
    const statement = page.getByTestId("statement");
    await statement.getByText("Credit pack").waitFor();
    const newest = await statement.locator("tbody tr").first().locator("td").last().innerText();
    expect(Number(newest.replaceAll(",", ""))).toBe(left);
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download as CSV" }).click(),
    ]);
    expect(file.suggestedFilename()).toMatch(/\.csv$/);
    await page.getByLabel("Most credits of overage in a month").fill("3000");
    await page
      .getByRole("button", { name: /^(Switch on|Save|Set|Allow)/ })
      .first()
      .click();
    await page.getByTestId("overage-state").getByText("On, for at most 3,000 credits").waitFor();
    await page.getByRole("button", { name: "Switch overage off" }).click();
    await page.getByTestId("overage-state").getByText("Off.").waitFor();
    expect(await page.getByTestId("referral-link").innerText()).toMatch(/\/r\/[0-9a-z]{10}$/);
  });

  test("makes an API key, which is shown once, and revokes it", async () => {
    await open("/dashboard/settings");
    await page.getByRole("button", { name: "New API key" }).click();
    await page.getByRole("textbox", { name: "Name" }).fill("nightly report");
    await page.getByRole("checkbox", { name: "Chat" }).click();
    await page.getByRole("button", { name: "Make the key" }).click();
    const key = await page.getByTestId("new-api-key").innerText();
    await page.getByRole("button", { name: "I have kept it" }).click();
    await page.reload();
    await page.getByRole("button", { name: "Revoke nightly report" }).click();
    expect(await page.content()).not.toContain(key);
    await page.getByRole("button", { name: "Revoke key" }).click();
    await expect.poll(() => db.apiKey.count({ where: { userId, revokedAt: { not: null } } })).toBe(1);
    // The page moves up when its row goes: a click that comes before lands beside its button.
    await page.getByRole("button", { name: "Revoke nightly report" }).waitFor({ state: "detached" });
  });

  test("says what is missing", async () => {
    await page.getByLabel("Your words").fill("A dark theme for mails, please.");
    await page.getByRole("button", { name: "Send feedback" }).click();
    await page.getByText("Thank you. A person reads it.").waitFor();
    expect(await db.feedback.findMany()).toMatchObject([{ userId, kind: "idea" }]);
    expect(await page.getByLabel("Your words").inputValue()).toBe("");
  });

  test("deletes the account after typing so, and can take it back", async () => {
    await page.getByRole("button", { name: "Delete account" }).click();
    const dialog = page.getByRole("alertdialog");
    expect(await dialog.getByRole("button", { name: "Delete account" }).isDisabled()).toBe(true);
    await dialog.getByRole("textbox").fill(DELETE_WORDS);
    await dialog.getByRole("button", { name: "Delete account" }).click();
    await page.locator("[data-testid=account-deletion][data-ending=true]").waitFor();
    expect(await db.accountDeletion.count({ where: { userId } })).toBe(1);
    await page.getByRole("button", { name: "Keep my account" }).click();
    await page.locator("[data-testid=account-deletion][data-ending=false]").waitFor();
    expect(await db.accountDeletion.count({ where: { userId } })).toBe(0);
  });
});
