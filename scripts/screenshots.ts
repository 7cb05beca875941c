// `npm run screenshots`: the real product with the demo model, in light, dark and phone width, into docs/screenshots.
import { mkdtempSync, chmodSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launchBrowser, type Browser, type Page } from "@automna/testkit/browser";
import { startProduct, type Product } from "@automna/testkit/product";
import {
  chooseModel,
  nameAndDeploy,
  openChat,
  openStatus,
  sayInChat,
  signInAs,
  waitUntilLive,
  waitUntilOnline,
} from "../dashboard/e2e/journey.ts";
import { chat, pageState, wizard } from "../dashboard/e2e/selectors.ts";
import { makeCleanupStack } from "./verify/harness/cleanup.ts";
import { inCheckout } from "./bootstrap/paths.mjs";

const looks = {
  light: { viewport: { width: 1440, height: 900 }, colorScheme: "light" },
  dark: { viewport: { width: 1440, height: 900 }, colorScheme: "dark" },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: "light" },
} as const;
type Look = keyof typeof looks;
const INTERRUPTED = 130;
const EMAIL = "ada@example.com";
/** Whose page of operators is taken too. */
const OPERATOR = "grace@example.com";
/** Pages that open by their address alone. */
const pages = {
  apps: "/dashboard/apps",
  usage: "/dashboard/usage",
  billing: "/dashboard/billing",
  plans: "/dashboard/plans",
  settings: "/dashboard/settings",
} as const;
/** The operators' pages that do. */
const adminPages = {
  "admin-cells": "/admin/cells",
  "admin-waves": "/admin/waves",
  "admin-sweeps": "/admin/sweeps",
  "admin-waitlist": "/admin/waitlist",
  "admin-mails": "/admin/mails",
} as const;
/** Window plus what of the longest frame is out of sight. */
const CONTENT_HEIGHT = `innerHeight + Math.max(...[...document.querySelectorAll("html, main, main > *")]
  .map(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight))`;
const MESSAGES = ["Hello! What can you do for me?", "Show me some code, please."];

const cleanup = makeCleanupStack();
let isInterrupted = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    isInterrupted = true;
    void cleanup.run().then(() => process.exit(INTERRUPTED));
  });
}

try {
  await takeAll();
} catch (error) {
  if (!isInterrupted) console.error(error);
  process.exitCode = 1;
}
const problems = await cleanup.run();
for (const problem of problems) console.error(problem);
process.exit(problems.length > 0 ? 1 : (process.exitCode ?? 0));

async function takeAll(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), "automna-screenshots-"));
  // As root the database and the agents run as users of their own, who must be able to pass through.
  chmodSync(dataDir, 0o755);
  cleanup.add("remove the folder", () => rmSync(dataDir, { recursive: true, force: true }));
  const product = await startProduct({ dataDir, args: ["--operator", OPERATOR], onLine: (line) => console.log(line) });
  cleanup.add("stop the product", () => product.stop());
  const browser = await launchBrowser();
  cleanup.add("close the browser", () => browser.close());
  await takeWizard(product, browser);
  for (const look of Object.keys(looks) as Look[]) {
    await takePages(product, browser, look);
    await takeAdmin(product, browser, look);
  }
}

/** The wizard is gone once there is an agent: one walk through it, each step in every look. */
async function takeWizard(product: Product, browser: Browser): Promise<void> {
  const page = await browser.newPage(looks.light);
  await page.goto(`${product.url}/`);
  await inEachLook(page, "landing");
  await page.goto(product.startLink);
  await page.getByRole("button", { name: "Sign in" }).waitFor();
  await inEachLook(page, "sign-in");
  await signInAs(page, EMAIL);
  await inEachLook(page, "wizard-model");
  await chooseModel(page, "demo");
  await inEachLook(page, "wizard-name");
  await nameAndDeploy(page, "Nova");
  await page.getByRole(wizard.progress.role).first().waitFor();
  await inEachLook(page, "wizard-deploy");
  await waitUntilLive(page);
  await inEachLook(page, "chat-first");
  for (const message of MESSAGES) await sayInChat(page, message);
  await page.close();
}

async function takePages(product: Product, browser: Browser, look: Look): Promise<void> {
  const page = await browser.newPage(looks[look]);
  await page.goto(await product.newStartLink());
  await signInAs(page, EMAIL);
  await openChat(page);
  await waitUntilOnline(page);
  await page
    .locator(chat.finishedAnswer)
    .nth(MESSAGES.length - 1)
    .waitFor();
  // Colours of code are loaded when there is some.
  await page.locator(`${chat.finishedAnswer} pre [style*=color]`).first().waitFor();
  await take(page, "chat", look);
  await openStatus(page);
  await take(page, "status", look);
  for (const [name, path] of Object.entries(pages)) await takeWhole(page, name, path, look);
  await page.close();
}

/** The operators' pages, with what they see of a customer and of a node. */
async function takeAdmin(product: Product, browser: Browser, look: Look): Promise<void> {
  const page = await browser.newPage(looks[look]);
  await page.goto(await product.newStartLink());
  await signInAs(page, OPERATOR);
  await takeWhole(page, "admin", `/admin?q=${EMAIL}`, look);
  await page.getByRole("link", { name: EMAIL }).first().click();
  await page.waitForURL(/customers/);
  await takeWhole(page, "admin-customer", new URL(page.url()).pathname, look);
  for (const [name, path] of Object.entries(adminPages)) await takeWhole(page, name, path, look);
  await page.goto(new URL(adminPages["admin-cells"], page.url()).href);
  await page.locator("[data-node] a").first().click();
  await page.waitForURL(/nodes/);
  await takeWhole(page, "admin-node", new URL(page.url()).pathname, look);
  await page.close();
}

/** A page in its whole length, once nothing of it is still loading. */
async function takeWhole(page: Page, name: string, path: string, look: Look): Promise<void> {
  await page.goto(new URL(path, page.url()).href);
  await page.locator("h1").first().waitFor();
  await page.locator(pageState.loading).first().waitFor({ state: "detached" });
  // Pages scroll in a frame of their own: the window is made as high as what is in it.
  const { width, height } = looks[look].viewport;
  await page.setViewportSize({ width, height: Math.max(height, await page.evaluate<number>(CONTENT_HEIGHT)) });
  await take(page, name, look);
  await page.setViewportSize({ width, height });
}

async function inEachLook(page: Page, name: string): Promise<void> {
  for (const look of Object.keys(looks) as Look[]) {
    await page.setViewportSize(looks[look].viewport);
    await page.emulateMedia({ colorScheme: looks[look].colorScheme, reducedMotion: "reduce" });
    await take(page, name, look);
  }
  await page.setViewportSize(looks.light.viewport);
}

async function take(page: Page, name: string, look: Look): Promise<void> {
  // Fonts arrive after the page; without them every text is a little off.
  await page.evaluate("document.fonts.ready");
  await page.waitForTimeout(250);
  await page.screenshot({ path: inCheckout(`docs/screenshots/${name}-${look}.png`), animations: "disabled" });
  console.log(`  ${name}-${look}`);
}
