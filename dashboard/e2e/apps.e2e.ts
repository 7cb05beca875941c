import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findChromium, launchBrowser, type Browser, type Page } from "@automna/testkit/browser";
import { startProduct, type Product } from "@automna/testkit/product";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chooseModel, nameAndDeploy, openApps, signInBy, waitUntilLive } from "./journey.ts";
import { apps } from "./selectors.ts";

const isMissing = findChromium() === null && process.env["CI"] !== "true";
if (isMissing) console.warn("published apps: not run: there is no Chromium on this machine");

const PASSWORD = "open sesame";
/** Tries what a page of an agent's might try on its visitor. */
const PAGE = `<!doctype html><title>Garden</title><h1 id="word">roses</h1><script>
document.cookie = "tossed=1; Domain=localhost";
document.cookie = "tossed=1; Domain=apps.localhost";
document.querySelector("#word").dataset.script = "ran";
</script>`;

describe.skipIf(isMissing)("what an agent publishes", () => {
  let folder: string;
  let product: Product;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "automna-e2e-apps-"));
    // As root the database and the agents run as users of their own, who must be able to pass through.
    await chmod(folder, 0o755);
    product = await startProduct({ dataDir: folder });
    browser = await launchBrowser();
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    page = await context.newPage();
    await signInBy(page, product.startLink, "ada@example.com");
    await chooseModel(page, "demo");
    await nameAndDeploy(page, "Nova");
    await waitUntilLive(page);
  });
  afterAll(async () => {
    await browser?.close();
    await product?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** As the agent writes an app into its volume. */
  async function publish(name: string, files: Readonly<Record<string, string>>): Promise<void> {
    const [slot = ""] = (await readdir(join(folder, "slots"))).filter((name) => name.startsWith("slt_"));
    const state = join(folder, "slots", slot, "state");
    const { uid, gid } = await stat(state);
    const app = join(state, "apps", name);
    await mkdir(app, { recursive: true });
    for (const [file, text] of Object.entries(files)) await writeFile(join(app, file), text);
    for (const path of [app, ...Object.keys(files).map((file) => join(app, file))]) await chown(path, uid, gid);
  }
  const card = () => page.locator(`${apps.app}[data-app=garden]`);
  /** Somebody else's browser, which knows the address alone. */
  async function openAsStranger(url: string): Promise<{ stranger: Page; status: number }> {
    const stranger = await (await browser.newContext()).newPage();
    const answer = await stranger.goto(url);
    return { stranger, status: answer?.status() ?? 0 };
  }
  const address = async () => `http://${await card().locator(apps.address).innerText()}/`;

  test("is said on a page of its own while there is nothing", async () => {
    await openApps(page);
    await page.locator(apps.empty).waitFor();
  });

  test("appears there with an address that is no part of the dashboard's origin", async () => {
    await publish("garden", { "index.html": PAGE });
    await openApps(page);
    await card().waitFor();
    const url = await address();
    expect(new URL(url).hostname).toMatch(/^garden--[a-z0-9-]+\.apps\.localhost$/);
    const { stranger, status } = await openAsStranger(url);
    expect([status, await stranger.locator("h1").innerText()]).toEqual([200, "roses"]);
    expect(await stranger.locator("h1").getAttribute("data-script")).toBe("ran");
  });

  test("can't act on the dashboard: no cookie of its page gets there, and no request of it is answered", async () => {
    const url = await address();
    const tab = await page.context().newPage();
    await tab.goto(url);
    const outcome = await tab.evaluate(async (dashboard) => {
      const answers = await Promise.allSettled([
        fetch(`${dashboard}/api/me`, { credentials: "include" }),
        fetch("/api/me", { credentials: "include" }),
      ]);
      return { answers: answers.map((one) => (one.status === "rejected" ? "refused" : one.value.status)) };
    }, product.url);
    expect(outcome.answers).toEqual(["refused", 404]);
    const cookies = await page.context().cookies(product.url);
    expect(cookies.map(({ name }) => name)).not.toContain("tossed");
    await tab.close();
  });

  test("can have a password", async () => {
    await card().getByRole("radio", { name: "Password" }).click();
    await card().getByLabel("Password", { exact: true }).fill(PASSWORD);
    await card().getByRole("button", { name: "Set password" }).click();
    await page.locator(`${apps.app}[data-app=garden][data-visibility=password]`).waitFor();
    const { stranger, status } = await openAsStranger(await address());
    expect(status).toBe(403);
    await stranger.getByLabel("Password").fill("a wrong one");
    await stranger.getByRole("button", { name: "Open" }).click();
    await stranger.getByRole("alert").waitFor();
    await stranger.getByLabel("Password").fill(PASSWORD);
    await stranger.getByRole("button", { name: "Open" }).click();
    await stranger.locator("#word").waitFor();
    expect(new URL(stranger.url()).pathname).toBe("/");
  });

  test("can be private: it opens for its owner from here, and for nobody else", async () => {
    await card().getByRole("radio", { name: "Private" }).click();
    await page.locator(`${apps.app}[data-app=garden][data-visibility=private]`).waitFor();
    const url = await address();
    await expect.poll(async () => (await openAsStranger(url)).status).toBe(404);
    const [tab] = await Promise.all([
      page.context().waitForEvent("page"),
      card().getByRole("button", { name: "Open" }).click(),
    ]);
    await tab.locator("#word").waitFor();
    expect(tab.url()).toBe(url);
    expect(await tab.evaluate(() => document.cookie)).not.toContain("__Host-");
    await tab.close();
  });

  test("can be switched off, for its owner too", async () => {
    await card().getByRole("button", { name: "Switch off" }).click();
    await page.locator(`${apps.app}[data-app=garden][data-on=false]`).waitFor();
    const url = await address();
    await expect.poll(async () => (await openAsStranger(url)).status).toBe(404);
    const tab = await page.context().newPage();
    expect((await tab.goto(url))?.status()).toBe(404);
    await tab.close();
  });
});
