import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newAnthropicKey, startFakeAnthropic, type FakeAnthropic } from "@automna/testkit/fakes/anthropic";
import { findChromium, launchBrowser, type Browser, type Page } from "@automna/testkit/browser";
import { startProduct, type Product } from "@automna/testkit/product";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  addKey,
  chooseAnswerSource,
  chooseModel,
  nameAndDeploy,
  openChat,
  openSettings,
  removeKey,
  sayInChat,
  signInBy,
  waitForAnswerSource,
  waitUntilLive,
  waitUntilOnline,
} from "./journey.ts";
import { chat, wizard } from "./selectors.ts";

const isMissing = findChromium() === null && process.env["CI"] !== "true";
if (isMissing)
  console.warn("browser journeys: not run: there is no Chromium on this machine (install it, or set CHROMIUM_PATH)");

const key = newAnthropicKey();
const CODE = "Here you are:\n\n```js\nconst answer = 42;\n```\n\nThat is all.";

// One product, one agent and one browser for all of them: a gateway's boot is 20 seconds of processor time.
describe.skipIf(isMissing)("from the start link to a conversation", () => {
  let folder: string;
  let fake: FakeAnthropic;
  let product: Product;
  let browser: Browser;
  let page: Page;
  const scriptErrors: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "automna-e2e-"));
    // As root the database and the agents run as users of their own, who must be able to pass through.
    await chmod(folder, 0o755);
    fake = await startFakeAnthropic({ keys: { [key]: "good" } });
    product = await startProduct({ dataDir: folder, env: { AUTOMNA_MODEL_PROVIDER_URL: fake.url } });
    browser = await launchBrowser();
    // One person's browser: a second tab of it shares the session.
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    page = await context.newPage();
    page.on("pageerror", (error) => scriptErrors.push(error.message));
  });
  afterAll(async () => {
    await browser?.close();
    await product?.stop();
    await fake?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test("without the start link nobody gets further than the sign-in page", async () => {
    const stranger = await browser.newPage();
    await stranger.goto(`${product.url}/dashboard`);
    await stranger.waitForURL(/\/sign-in/);
    expect(await stranger.getByRole("button", { name: "Sign in" }).count()).toBe(0);
    await stranger.close();
  });

  test("a key that the provider refuses is refused in plain words, and what was typed stays", async () => {
    await signInBy(page, product.startLink, "e2e@example.com");
    await page.getByLabel(wizard.keyLabel).fill(newAnthropicKey());
    await page.getByRole("button", { name: wizard.checkKey.name }).click();
    await page.getByText("API key invalid. Please check and try again.").waitFor();
    expect(await page.getByLabel(wizard.keyLabel).inputValue()).not.toBe("");
  });

  test("the wizard leads to an agent that answers with what only the model knew", async () => {
    await chooseModel(page, { key });
    await nameAndDeploy(page, "Nova", "Short answers.");
    await waitUntilLive(page);
    const { text } = await sayInChat(page, "What is the word?");
    expect(text).toContain(fake.nonce);
  });

  test("an answer streams: it grows before it ends", async () => {
    fake.setReply(() => ({ text: Array.from({ length: 40 }, (_, index) => `word${index}`).join(" "), chunkMs: 50 }));
    await page.locator(chat.composer).fill("Count, please.");
    await page.locator(chat.send).click();
    const streaming = page.locator(`${chat.answer}[data-status=streaming]`);
    await streaming.waitFor();
    const early = (await streaming.innerText()).length;
    await page.locator(chat.finishedAnswer, { hasText: "word39" }).waitFor();
    expect(early).toBeLessThan((await page.locator(chat.finishedAnswer).last().innerText()).length);
  });

  test("stop ends an answer where it is", async () => {
    fake.setReply(() => ({ text: "slowly ".repeat(300), chunkMs: 100 }));
    await page.locator(chat.composer).fill("Go on for a while.");
    await page.locator(chat.send).click();
    await page.locator(`${chat.answer}[data-status=streaming]`, { hasText: "slowly" }).waitFor();
    await page.locator(chat.stop).click();
    await page.locator(`${chat.answer}[data-status=stopped]`).waitFor();
  });

  test("code in an answer is a block with its language and a copy button", async () => {
    fake.setReply(() => CODE);
    await sayInChat(page, "Some code?");
    const answer = page.locator(chat.finishedAnswer).last();
    await answer.getByText("JavaScript").waitFor();
    expect(await answer.getByRole("button", { name: /copy/i }).count()).toBeGreaterThan(0);
    expect(await answer.locator("pre").innerText()).toContain("const answer = 42;");
  });

  test("a reload brings the conversation back", async () => {
    await page.reload();
    await waitUntilOnline(page);
    await page.locator(chat.answer, { hasText: fake.nonce }).waitFor();
    await page.locator(chat.userMessage, { hasText: "What is the word?" }).waitFor();
  });

  test("a second tab shows the same conversation as it goes on", async () => {
    const tab = await page.context().newPage();
    await tab.goto(`${product.url}/dashboard`);
    await openChat(tab);
    await waitUntilOnline(tab);
    fake.setReply(() => "To both of you.");
    await sayInChat(page, "Does the other tab see this?");
    await tab.locator(chat.answer, { hasText: "To both of you." }).waitFor();
    await tab.close();
  });

  test("a key that the provider no longer takes is explained, and a better one works at once", async () => {
    fake.setReply(() => ({ text: "", error: "authentication_error" }));
    await page.locator(chat.composer).fill("Will this work?");
    await page.locator(chat.send).click();
    await page.locator(`${chat.answer}[data-status=failed]`).waitFor();
    await page.getByText("API key invalid. Please check and try again.").first().waitFor();
    fake.setReply(() => `Back again: ${fake.nonce}`);
    const { text } = await sayInChat(page, "And now?");
    expect(text).toContain("Back again");
  });

  test("without its key the agent can't answer, with the demo model it can, and a new key takes over", async () => {
    await openSettings(page);
    await removeKey(page);
    await page.getByText("Nova can't answer until there is a key.").waitFor();
    await openChat(page);
    await page.locator(chat.composer).fill("Anybody there?");
    await page.locator(chat.send).click();
    await page.getByText("Add your Anthropic API key first, or choose the demo model.").first().waitFor();

    await openSettings(page);
    await chooseAnswerSource(page, "demo");
    await openChat(page);
    await waitUntilOnline(page);
    expect((await sayInChat(page, "help")).text).toContain("Demo model:");

    await openSettings(page);
    await addKey(page, key);
    await waitForAnswerSource(page, "byok");
    await openChat(page);
    await waitUntilOnline(page);
    fake.setReply(() => `With your key: ${fake.nonce}`);
    expect((await sayInChat(page, "And now?")).text).toContain("With your key");
  });

  test("on a phone nothing is wider than the screen", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.locator(chat.composer).waitFor();
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow).toBe(0);
  });

  test("no script failed on the way", () => {
    expect(scriptErrors).toEqual([]);
  });
});
