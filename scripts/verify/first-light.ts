import { launchBrowser, type Browser, type ConsoleMessage, type Page } from "@automna/testkit/browser";
import { assertNothingLeft, startProduct, type Product } from "@automna/testkit/product";
import {
  chooseModel,
  deleteAgent,
  nameAndDeploy,
  openChat,
  restartAgent,
  sayInChat,
  signInBy,
  waitUntilLive,
  waitUntilOnline,
} from "../../dashboard/e2e/journey.ts";
import { chat } from "../../dashboard/e2e/selectors.ts";
import { assertModelSawRealAgent } from "./first-light/model-calls.ts";
import { observeSlot, assertSlotGone } from "./first-light/slot-traces.ts";
import { listSystemUsers, newSystemUsers } from "./first-light/system-users.ts";
import type { Scenario, ScenarioContext } from "./harness/scenario.ts";
import { startInstallation, type VerifiedInstallation } from "./steps/installation.ts";

export const scenario: Scenario = {
  name: "first-light",
  title:
    "from an empty folder to a streamed answer of the real gateway in a browser; restart, deletion and stop leave what they should",
  run,
};

async function run(ctx: ScenarioContext): Promise<void> {
  const usersBefore = listSystemUsers();
  const installation = await startInstallation(ctx);
  const { product } = installation;
  ctx.figure("seconds to URL", product.startMs / 1000, "s");

  const browser = await launchBrowser();
  ctx.onCleanup("close the browser", () => browser.close());
  await byKey(ctx, installation, await openPage(ctx, browser));
  const demoPage = await openPage(ctx, browser);
  await byDemoModel(ctx, installation, demoPage);

  if (ctx.isQuick) await product.stop();
  else await overnight(ctx, installation, demoPage);
  ctx.hold(true, "the stop left no process, no port and no lock");
  const added = newSystemUsers(usersBefore);
  ctx.hold(
    added.every((name) => name === "postgres"),
    "no user account was added but the documented one of Postgres",
    added,
  );
}

/** A customer with a key of their own: wizard, chat, restart, deletion. */
async function byKey(ctx: ScenarioContext, { product, fake, key }: VerifiedInstallation, page: Page): Promise<void> {
  ctx.log("a customer with a key of their own");
  await signInBy(page, product.startLink, "ada@example.com");
  await chooseModel(page, { key });
  await nameAndDeploy(page, "Nova", "Answer in one sentence.");
  const deployedAt = Date.now();
  await waitUntilLive(page);
  ctx.figure("seconds to ready", (Date.now() - deployedAt) / 1000, "s");

  const question = `What is the word? (${ctx.random.hex(8)})`;
  const answer = await sayInChat(page, question);
  ctx.figure("seconds to first token", answer.firstTokenMs / 1000, "s");
  ctx.figure("seconds to full answer", answer.fullMs / 1000, "s");
  ctx.hold(answer.text.includes(fake.nonce), "the answer carries the word that only the model knew", answer.text);
  assertModelSawRealAgent(ctx, fake, { key, question });

  const restartedAt = Date.now();
  await restartAgent(page);
  await openChat(page);
  await page.locator(chat.answer, { hasText: fake.nonce }).first().waitFor({ timeout: 120_000 });
  ctx.figure("seconds from restart to history", (Date.now() - restartedAt) / 1000, "s");
  ctx.hold(
    await page.locator(chat.userMessage, { hasText: question }).first().isVisible(),
    "after the restart the question is there again",
  );

  const traces = observeSlot(ctx, product);
  await deleteAgent(page, "Nova");
  await assertSlotGone(ctx, product, traces);
}

/** Another customer, without a key: the labelled demo model behind a real agent. */
async function byDemoModel(ctx: ScenarioContext, { product, fake }: VerifiedInstallation, page: Page): Promise<void> {
  ctx.log("a second customer, with the demo model");
  const callsBefore = fake.requests().length;
  await signInBy(page, await product.newStartLink(), "grace@example.com");
  await chooseModel(page, "demo");
  await nameAndDeploy(page, "Demo");
  await waitUntilLive(page);
  const { text, fullMs } = await sayInChat(page, "Hello, who are you?");
  ctx.figure("seconds to full demo answer", fullMs / 1000, "s");
  ctx.hold(/demo/i.test(text), "the demo model's answer says what it is", text);
  ctx.hold(fake.requests().length === callsBefore, "and the model provider was not asked");
}

/** In full: stop, start again on the same data, and find everything as it was. */
async function overnight(ctx: ScenarioContext, { product, fake }: VerifiedInstallation, page: Page): Promise<void> {
  ctx.log("stop, and start again on the same data");
  const port = Number(new URL(product.url).port);
  const slots = product.slotProcesses().length;
  ctx.hold(slots === 1, "one agent runs before the stop");
  await product.stop();
  const again = await startAgain(ctx, product, port, fake.url);
  ctx.figure("seconds to URL, the next day", again.startMs / 1000, "s");
  await page.reload();
  await waitUntilOnline(page);
  ctx.hold(
    await page.locator(chat.answer, { hasText: /demo/i }).first().isVisible(),
    "the next day the chat is there, in the same browser",
  );
  await again.stop();
  await assertNothingLeft(product.dataDir, port);
}

async function startAgain(
  ctx: ScenarioContext,
  { dataDir }: Product,
  port: number,
  providerUrl: string,
): Promise<Product> {
  const product = await startProduct({
    dataDir,
    port,
    env: { AUTOMNA_MODEL_PROVIDER_URL: providerUrl },
    signal: ctx.signal,
  });
  ctx.onCleanup("stop the product", () => product.stop());
  return product;
}

/** What a page says while its server is away is no news. */
function isWorthReading(message: ConsoleMessage): boolean {
  return message.type() === "error" && !message.text().includes("net::ERR_");
}

/** A browser of a person's own, whose errors are ours to know. */
async function openPage(ctx: ScenarioContext, browser: Browser): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  page.on("pageerror", (error) => ctx.hold(false, "no script of the page fails", error.message));
  page.on("console", (message) => isWorthReading(message) && ctx.log(`  browser: ${message.text()}`));
  return page;
}
