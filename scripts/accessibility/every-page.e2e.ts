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

const NODE_ID = "node-1";
const WAVE_ID = "wav_00000000000000000000";

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
        const filled = path.replace("$userId", customerId).replace("$nodeId", NODE_ID).replace("$waveId", WAVE_ID);
        const page = await open(look, filled);
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

    test("a node is cordoned, with the reason in the audit", async () => {
      const page = await open(look, "/admin/cells");
      const node = page.locator(`[data-node=${NODE_ID}]`);
      await node.getByRole("button", { name: /^Cordon/ }).click();
      await page.getByRole("button", { name: "Cordon", exact: true }).click();
      await page.getByRole("alert").waitFor();
      expect(await findViolations(page)).toEqual([]);
      await page.getByRole("textbox", { name: "Reason" }).fill("A new disk is put in");
      await page.getByRole("button", { name: "Cordon", exact: true }).click();
      await node.locator("[data-state=cordoned]").waitFor();
      await node.getByRole("button", { name: /^Uncordon/ }).click();
      await page.getByRole("textbox", { name: "Reason" }).fill("The disk is in");
      await page.getByRole("button", { name: "Uncordon", exact: true }).click();
      await node.locator("[data-state=ready]").waitFor();
      const audit = await db.cellAction.findMany({ where: { subject: NODE_ID }, orderBy: { at: "desc" }, take: 2 });
      expect(audit.map(({ action, reason }) => `${action}: ${reason}`)).toEqual([
        "uncordon_node: The disk is in",
        "cordon_node: A new disk is put in",
      ]);
    });

    test("the dialog of a new wave", async () => {
      const page = await open(look, "/admin/waves");
      await page.getByRole("button", { name: /^New wave/ }).click();
      await page.getByTestId("cell-action-form").waitFor();
      expect(await findViolations(page)).toEqual([]);
      await page.getByRole("button", { name: "Cancel" }).click();
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
    await makeCell(id);
    return id;
  }

  /** A cell with a node that is well and one that is drained, a wave that halted, a report, a mail, somebody who waits. */
  async function makeCell(userId: string): Promise<void> {
    const [now, before] = [new Date(), new Date(Date.now() - 600_000)];
    const base = { cellId: "cell-1", address: "10.0.0.2", firstPort: 20_000, lastPort: 20_099, seenAt: now };
    await db.cell.create({ data: { id: "cell-1", runtime: "swarm" } });
    await db.node.create({ data: { id: NODE_ID, name: "node-1", memoryMb: 32_768, ...base } });
    const draining = { cordonedAt: before, cordonReason: "operator", drainingSince: before };
    await db.node.create({ data: { id: "node-2", name: "node-2", memoryMb: 32_768, ...base, ...draining } });
    await db.node.create({ data: { id: "node-3", name: "node-3", ...base, lostSince: before } });
    const drain = { nodeId: "node-2", concurrency: 2, total: 4, createdBy: userId, createdAt: before };
    await db.nodeDrain.create({ data: { id: newId("drn"), ...drain } });
    const bytes = new Uint8Array([1]);
    const keys = { rootKeyEnvelope: bytes, ingressKeyEnvelope: bytes, egressKeyHash: bytes };
    const slot = { id: newId("slt"), nodeId: NODE_ID, host: "10.0.0.2", port: 20_000, image: "agent:1", ...keys };
    await db.slot.create({ data: slot });
    const agent = await db.agent.findFirstOrThrow({ where: { userId } });
    await db.agent.update({ where: { id: agent.id }, data: { slotId: slot.id } });
    const settings = { canaries: 1, soakMs: 60_000, growth: 2, maxBatch: 5, maxFailureShare: 0.1, takesBack: "unwell" };
    const wave = { image: "registry.example/agent@sha256:0f1e", settings, createdBy: userId, createdAt: before };
    await db.upgradeWave.create({ data: { id: WAVE_ID, state: "halted", why: "too_many_failed", ...wave } });
    const member = { waveId: WAVE_ID, agentId: agent.id, position: 1, state: "reverted" as const, batch: 0 };
    await db.upgradeMember.create({ data: member });
    const finding = { kind: "missing", slotId: slot.id, nodeId: NODE_ID, agentId: agent.id, sinceMs: before.getTime() };
    const report = { cellId: "cell-1", isDryRun: false, requestedAt: before, firstAt: before, lastAt: now, turns: 3 };
    await db.sweepReport.create({
      data: { id: newId("swp"), ...report, seen: 4, findings: [{ ...finding, outcome: "reported" }] },
    });
    const mail = { template: "welcome", userId, state: "given_up" as const, attempts: 9, error: "EENVELOPE 550" };
    await db.mail.create({ data: { key: "welcome/ann", ...mail } });
    const entry = { id: newId("wai"), email: "waiting@example.com", state: "confirmed" as const, confirmedAt: before };
    await db.waitlistEntry.create({ data: entry });
  }
});
