import { launchBrowser } from "@automna/testkit/browser";
import type { ApiClient } from "@automna/testkit/api-client";
import {
  buyPlan,
  chooseModel,
  nameAndDeploy,
  sayInChat,
  signInBy,
  signUpHosted,
  waitUntilLive,
} from "../../../dashboard/e2e/journey.ts";
import type { ScenarioContext } from "../harness/scenario.ts";
import { signInAgain } from "./customers.ts";
import { leaveFile, type FirstDay } from "./sign-up-and-pay.ts";
import type { World } from "./world.ts";

const EMAIL = "ada@example.com";

/**
 * The same first day as people have it: sign-up, plans, Stripe's page, the way back, wizard, chat. At one of the two the
 * news of the payment never come, and the page finds it by the purchase's own id.
 */
export async function signUpInBrowser(
  ctx: ScenarioContext,
  world: World,
): Promise<{ customer: ApiClient; first: FirstDay }> {
  const { source, product, key, fake, stripe } = world;
  const browser = await launchBrowser();
  ctx.onCleanup("close the browser", () => browser.close());
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  page.on("pageerror", (error) => ctx.hold(false, `${source}: no script of the page fails`, error.message));
  if (source === "local") await signInBy(page, await product.newStartLink(), EMAIL);
  else await signUpHosted(page, product.url, EMAIL);
  if (source === "clerk") stripe.setWebhookUrl(null);
  const paidAt = await buyPlan(page, "Starter");
  ctx.hold(true, `${source}: from sign-up over the plans and Stripe's page back into the wizard`);
  ctx.figure(`${source}: seconds from payment to the wizard`, (Date.now() - paidAt) / 1_000, "s");
  stripe.setWebhookUrl(`${product.url}/api/webhooks/stripe`);

  await chooseModel(page, { key });
  await nameAndDeploy(page, "Nova", "Answer in one sentence.");
  await waitUntilLive(page);
  ctx.figure(`${source}: seconds from payment to ready`, (Date.now() - paidAt) / 1_000, "s");
  const question = `What is the word? (${ctx.random.hex(8)})`;
  const { text } = await sayInChat(page, question);
  ctx.hold(text.includes(fake.nonce), `${source}: the answer carries the word that only the model knew`, text);
  await browser.close();

  const customer = await signInAgain(world, EMAIL);
  const agent = await customer.agent();
  ctx.must(agent?.tier === "starter", `${source}: the agent is on the plan that was paid for`, agent);
  return { customer, first: { agentId: agent.id, question, ...leaveFile(ctx, world) } };
}
