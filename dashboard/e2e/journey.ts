import type { Locator, Page } from "@automna/testkit/browser";
import { chat, hosted, plans, settings, signIn, status, wizard } from "./selectors.ts";

/** What a customer does in the dashboard, step by step, for browser tests, scenarios and screenshots. */

type RoleSelector = { role: Parameters<Page["getByRole"]>[0]; name?: string | RegExp };

/** A cold boot of the gateway on a busy machine. */
const READY_TIMEOUT_MS = 240_000;
const ANSWER_TIMEOUT_MS = 120_000;

export function find(page: Page, selector: string | RoleSelector): Locator {
  if (typeof selector === "string") return page.locator(selector);
  const { role, name } = selector;
  return page.getByRole(role, name === undefined ? {} : { name, exact: typeof name === "string" });
}

/** Opens the printed link, which leads to the sign-in page, and signs in. */
export async function signInBy(page: Page, startLink: string, email: string): Promise<void> {
  await page.goto(startLink);
  await signInAs(page, email);
}

/** Signs in on the page that is open. */
export async function signInAs(page: Page, email: string): Promise<void> {
  await page.locator(signIn.form).waitFor();
  await page.getByLabel(signIn.emailLabel).fill(email);
  await find(page, signIn.submit).click();
  await page.locator(`${wizard.modelStep}, ${wizard.deployStep}, ${chat.composer}, ${plans.list}`).first().waitFor();
}

/** Signs up on the page that Clerk's form is on. */
export async function signUpHosted(page: Page, origin: string, email: string): Promise<void> {
  await page.goto(`${origin}/sign-up`);
  await page.locator(hosted.form).waitFor();
  await page.getByLabel(hosted.emailLabel).fill(email);
  await page.locator(`${hosted.form} button`).click();
}

/** From the choice of plans over Stripe's page and back, into the wizard. Resolves with when it was paid, ms. */
export async function buyPlan(page: Page, label: string): Promise<number> {
  await page.locator(plans.list).waitFor();
  await find(page, plans.choose(label)).click();
  await page.locator(plans.pay).waitFor();
  const paidAt = Date.now();
  await page.locator(plans.pay).click();
  await page.locator(plans.returned).waitFor();
  await page.locator(wizard.modelStep).waitFor();
  return paidAt;
}

/** First step of the wizard: a key of one's own, or the demo model. */
export async function chooseModel(page: Page, model: { key: string } | "demo"): Promise<void> {
  await page.locator(wizard.modelStep).waitFor();
  if (model === "demo") {
    await find(page, wizard.demoChoice).click();
    await find(page, wizard.toName).click();
  } else {
    await find(page, wizard.ownKeyChoice).click();
    await page.getByLabel(wizard.keyLabel).fill(model.key);
    await find(page, wizard.checkKey).click();
  }
  await page.locator(wizard.nameStep).waitFor();
}

/** Second step: name, personality, deploy. */
export async function nameAndDeploy(page: Page, name: string, personality?: string): Promise<void> {
  await page.locator(wizard.nameStep).getByRole("textbox", { name: /^Name/ }).fill(name);
  if (personality !== undefined)
    await page
      .locator(wizard.nameStep)
      .getByRole("textbox", { name: /^Personality/ })
      .fill(personality);
  await find(page, wizard.deploy).click();
  await page.locator(wizard.deployStep).waitFor();
}

/** Third step ends by itself in the chat, with the composer ready. */
export async function waitUntilLive(page: Page): Promise<void> {
  await page.locator(chat.composer).waitFor({ timeout: READY_TIMEOUT_MS });
  await waitUntilOnline(page);
}

export async function waitUntilOnline(page: Page): Promise<void> {
  await page.locator(`${chat.connectionStatus}[data-state=online]`).first().waitFor({ timeout: READY_TIMEOUT_MS });
}

export interface Exchange {
  text: string;
  firstTokenMs: number;
  fullMs: number;
}

/** Writes a message and waits for the whole answer. */
export async function sayInChat(page: Page, message: string): Promise<Exchange> {
  const before = await page.locator(chat.finishedAnswer).count();
  await composer(page).fill(message);
  const startedAt = Date.now();
  await page.locator(chat.send).click();
  // The answer's own row, as soon as it holds a word.
  const answer = page.locator(chat.answer).last();
  await page
    .locator(`${chat.answer}[data-status=streaming], ${chat.finishedAnswer}`)
    .nth(before)
    .waitFor({ timeout: ANSWER_TIMEOUT_MS });
  const firstTokenMs = Date.now() - startedAt;
  await page.locator(chat.finishedAnswer).nth(before).waitFor({ timeout: ANSWER_TIMEOUT_MS });
  return { text: await answer.innerText(), firstTokenMs, fullMs: Date.now() - startedAt };
}

/** The field that one writes in. */
function composer(page: Page): Locator {
  return page.locator(chat.composer);
}

/** Restarts the agent from its own page and resolves when it is ready again. */
export async function restartAgent(page: Page): Promise<void> {
  await openStatus(page);
  await page.locator(status.restart).click();
  await page.locator(`${status.state}:not([data-phase=ready])`).first().waitFor();
  await page.locator(`${status.state}[data-phase=ready]`).first().waitFor({ timeout: READY_TIMEOUT_MS });
}

/** Deletes the agent from its own page; resolves when the wizard is back. */
export async function deleteAgent(page: Page, name: string): Promise<void> {
  await openStatus(page);
  await page.locator(status.delete).click();
  await page.getByLabel(status.confirmDeleteLabel).fill(name);
  await find(page, status.confirmDelete).click();
  await page.locator(wizard.modelStep).waitFor({ timeout: ANSWER_TIMEOUT_MS });
}

export async function openStatus(page: Page): Promise<void> {
  await page.goto(new URL("/dashboard/agent", page.url()).href);
  await page.locator(status.state).first().waitFor();
}

export async function openSettings(page: Page): Promise<void> {
  await page.goto(new URL("/dashboard/settings", page.url()).href);
  await page.locator(settings.answerSource).waitFor();
}

/** Switches to the customer's key or to the demo model; resolves when that is so. */
export async function chooseAnswerSource(page: Page, source: "byok" | "demo"): Promise<void> {
  await find(page, settings[source]).click();
  await waitForAnswerSource(page, source);
}

export async function waitForAnswerSource(page: Page, source: "byok" | "demo"): Promise<void> {
  await page.locator(`${settings.answerSource}[data-source=${source}]:not([aria-busy])`).waitFor();
}

/** Removes the stored key; resolves when the form for a new one is there. */
export async function removeKey(page: Page): Promise<void> {
  await find(page, settings.removeKey).click();
  await find(page, settings.confirmRemoveKey).click();
  await page.locator(settings.keyField).waitFor();
}

/** Stores a first key. */
export async function addKey(page: Page, key: string): Promise<void> {
  await page.locator(settings.keyField).fill(key);
  await find(page, settings.saveKey).click();
  await page.locator(settings.storedKey).waitFor();
}

export async function openChat(page: Page): Promise<void> {
  await page.goto(new URL("/dashboard", page.url()).href);
  await page.locator(chat.composer).waitFor();
}
