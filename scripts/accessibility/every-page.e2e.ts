import { createPrismaClient } from "@automna/prisma/client";
import type { Database } from "@automna/records/database";
import { newId } from "@automna/service-kit/new-id";
import { findChromium, launchBrowser, type Browser, type BrowserContext, type Page } from "@automna/testkit/browser";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listDashboardPages } from "./dashboard-pages.ts";
import { findViolations } from "./find-violations.ts";
import { serveDashboard, type ServedDashboard } from "./serve-dashboard.ts";

const isMissing = findChromium() === null && process.env["CI"] !== "true";
if (isMissing)
  console.warn("accessibility: not run: there is no Chromium on this machine (install it, or set CHROMIUM_PATH)");

const looks = {
  "on a desk in the light": { viewport: { width: 1280, height: 900 }, colorScheme: "light" },
  "on a phone in the dark": { viewport: { width: 390, height: 844 }, colorScheme: "dark" },
} as const;

describe.skipIf(isMissing)("a page can be used by everybody", () => {
  let database: TestDatabase;
  let db: Database;
  let browser: Browser;
  let served: ServedDashboard;
  let customerId: string;
  const contexts = new Map<string, BrowserContext>();

  beforeAll(async () => {
    database = await createTestDatabase();
    db = createPrismaClient(database.url, { max: 2 });
    browser = await launchBrowser();
    served = await serveDashboard(browser, database.urlAs("automna_api"));
    for (const [look, options] of Object.entries(looks))
      contexts.set(look, await served.open({ ...options, reducedMotion: "reduce" }));
  });
  afterAll(async () => {
    await browser?.close();
    await served?.api.close();
    await db?.$disconnect();
    await database?.drop();
  });

  const contextOf = (look: string) => contexts.get(look) ?? expect.unreachable(`no browser ${look}`);

  async function open(look: string, path: string): Promise<Page> {
    const [known] = contextOf(look).pages();
    const page = known ?? (await contextOf(look).newPage());
    await page.goto(served.api.origin + path);
    await page.locator("h1, main, form, [data-testid=composer]").first().waitFor();
    await page.waitForLoadState("networkidle");
    return page;
  }

  async function signIn(look: string, email: string): Promise<void> {
    const page = await open(look, "/");
    // Its answer leads on to an address that only the dashboard has.
    await page.goto(served.api.startLink());
    await page.goto(`${served.api.origin}/sign-in`);
    await page.getByLabel("E-mail").fill(email);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByTestId("wizard-model").waitFor();
  }

  test("what is wrong on a page is found", async () => {
    const page = await open("on a desk in the light", "/");
    await page.evaluate(
      `document.body.insertAdjacentHTML("beforeend", '<button id="canary" style="all:revert"></button>')`,
    );
    expect((await findViolations(page)).join("\n")).toContain("#canary");
    await page.evaluate(`document.body.insertAdjacentHTML("beforeend", '<div style="width:3000px">wide</div>')`);
    expect((await findViolations(page)).join("\n")).toContain("wider than its frame");
  });

  describe.each(Object.keys(looks))("%s", (look) => {
    test.each(["/", "/sign-in", "/nothing-here"])("%s, without a session", async (path) => {
      expect(await findViolations(await open(look, path))).toEqual([]);
    });

    test("the wizard, step by step", async () => {
      await signIn(look, `${look.includes("desk") ? "operator" : "someone"}@example.com`);
      const page = await open(look, "/dashboard/onboarding");
      expect(await findViolations(page)).toEqual([]);
      await page.getByRole("radio", { name: /^Demo model/ }).click();
      await page.getByRole("button", { name: "Continue" }).click();
      await page.getByTestId("wizard-name").waitFor();
      expect(await findViolations(page)).toEqual([]);
    });

    test("every page of the router", async () => {
      await contextOf(look).clearCookies();
      await signInAsOperator(look);
      const pages = listDashboardPages();
      expect(pages.length).toBeGreaterThan(7);
      for (const path of pages) {
        const page = await open(look, path.replace("$userId", customerId));
        expect(new URL(page.url()).pathname, path).not.toContain("$");
        expect(await findViolations(page), path).toEqual([]);
      }
    });

    test("a customer's tabs and an action's dialog", async () => {
      const page = await open(look, `/admin/customers/${customerId}`);
      for (const name of ["Ledger", "Events", "Audit", "Overview"]) {
        await page.getByRole("tab", { name }).click();
        expect(await findViolations(page), name).toEqual([]);
      }
      await page.getByRole("button", { name: "Grant credits" }).click();
      await page.getByRole("textbox", { name: "Credits" }).fill("500");
      await page.getByRole("textbox", { name: "Reason" }).fill("An outage on Tuesday");
      expect(await findViolations(page)).toEqual([]);
      await page.getByRole("button", { name: "Review" }).click();
      await page.getByTestId("action-review").waitFor();
      expect(await findViolations(page)).toEqual([]);
      await page.getByRole("button", { name: "Grant", exact: true }).click();
      await page.getByTestId("action-form").waitFor({ state: "detached" });
      await page.getByRole("tab", { name: "Audit" }).click();
      await page.getByText("“An outage on Tuesday”").first().waitFor();
      expect(await findViolations(page)).toEqual([]);
    });

    test("making an API key, and the one time that it is shown", async () => {
      const page = await open(look, "/dashboard/settings");
      await page.getByRole("button", { name: "New API key" }).click();
      await page.getByRole("button", { name: "Make the key" }).click();
      expect(await findViolations(page)).toEqual([]);
      await page.getByRole("textbox", { name: "Name" }).fill("nightly report");
      await page.getByRole("checkbox", { name: "Chat" }).click();
      await page.getByRole("button", { name: "Make the key" }).click();
      await page.locator("code[data-testid=new-api-key]").waitFor();
      expect(await findViolations(page)).toEqual([]);
      await page.getByRole("button", { name: "I have kept it" }).click();
      await page.getByRole("button", { name: "Revoke nightly report" }).first().click();
      await page.getByRole("button", { name: "Revoke key" }).waitFor();
      expect(await findViolations(page)).toEqual([]);
    });

    test("the palette", async () => {
      const page = await open(look, "/dashboard/usage");
      await page.keyboard.press("Control+k");
      await page.getByRole("dialog").waitFor();
      expect(await findViolations(page)).toEqual([]);
    });
  });

  /** With an agent that sleeps, so that every page has something to show, and support access that is open. */
  async function signInAsOperator(look: string): Promise<void> {
    const user = await db.user.findUniqueOrThrow({
      where: { issuer_email: { issuer: "local", email: "operator@example.com" } },
    });
    customerId ??= await makeCustomer();
    const page = await open(look, "/");
    await page.goto(served.api.startLink());
    if ((await db.agent.count({ where: { userId: user.id } })) === 0) await makeAgent(user.id);
    await page.goto(`${served.api.origin}/sign-in`);
    await page.getByLabel("E-mail").fill("operator@example.com");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByTestId("composer").waitFor();
  }

  async function makeAgent(userId: string): Promise<void> {
    const id = newId("agt");
    const agent = { id, userId, name: "Nova", modelSource: "demo" as const, tier: "local" };
    await db.agent.create({ data: { ...agent, phase: "asleep", desired: "stopped" } });
    await db.agentEvent.create({ data: { agentId: id, type: "agent.asleep", phase: "asleep" } });
    const [startedAt, endsAt] = [new Date(), new Date(Date.now() + 3_600_000)];
    const access = { id: newId("opa"), userId, operatorId: userId, reason: "It does not start.", startedAt, endsAt };
    await db.supportAccess.create({ data: access });
  }

  async function makeCustomer(): Promise<string> {
    const id = newId("user");
    await db.user.create({ data: { id, email: "ann@example.com", name: "Ann", issuer: "local" } });
    await makeAgent(id);
    return id;
  }
});
