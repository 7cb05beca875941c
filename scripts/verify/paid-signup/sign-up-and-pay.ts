import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ApiClient } from "@automna/testkit/api-client";
import type { ScenarioContext } from "../harness/scenario.ts";
import { openChat, say } from "../steps/chat.ts";
import { billingOf, refusalOf, signUp } from "./customers.ts";
import { buy, slotFolder } from "./purchase.ts";
import type { World } from "./world.ts";

/** What the customer has before anything happens to the plan. */
export interface FirstDay {
  agentId: string;
  question: string;
  /** A file in the agent's workspace, and what is in it. */
  file: string;
  content: string;
}

const READY_TIMEOUT_MS = 240_000;

export async function untilPhase(
  ctx: ScenarioContext,
  customer: ApiClient,
  { phase, sentence }: { phase: string; sentence: string },
): Promise<void> {
  await ctx.eventually(
    sentence,
    async () => {
      await customer.refresh();
      return (await customer.agent())?.phase === phase ? true : null;
    },
    { timeoutMs: READY_TIMEOUT_MS, everyMs: 250 },
  );
}

/** A stranger becomes a customer with an agent that answers. */
export async function signUpAndPay(
  ctx: ScenarioContext,
  world: World,
): Promise<{ customer: ApiClient; first: FirstDay }> {
  const { source, key, fake } = world;
  const customer = await signUp(world, "ada@example.com");
  await customer.putKey(key);
  const wish = { name: "Nova", personality: "Answer in one sentence.", modelSource: "byok" } as const;
  const refused = refusalOf(await customer.call("deployAgent", { body: wish }));
  ctx.hold(
    refused === "402 plan_needed /dashboard/plans",
    `${source}: without a plan nothing is deployed, and the answer says where to buy one`,
    refused,
  );
  ctx.hold((await billingOf(customer)).tier === null, `${source}: and there is no plan`);

  const paidAt = await buy(ctx, world, { customer, tier: "starter" });
  const agent = await customer.deploy(wish);
  ctx.hold(agent.tier === "starter", `${source}: the agent is on the plan that was paid for`, agent.tier);
  await untilPhase(ctx, customer, { phase: "ready", sentence: `${source}: the agent is ready` });
  ctx.figure(`${source}: seconds from payment to ready`, (Date.now() - paidAt) / 1_000, "s");

  const question = `What is the word? (${ctx.random.hex(8)})`;
  const chat = await openChat(ctx, customer);
  const { text } = await say(ctx, chat, question);
  chat.close();
  ctx.hold(text.includes(fake.nonce), `${source}: the answer carries the word that only the model knew`, text);
  const file = join(slotFolder(world), `state/workspace/${ctx.random.hex(6)}.txt`);
  const content = ctx.random.hex(32);
  writeFileSync(file, content);
  return { customer, first: { agentId: agent.id, question, file, content } };
}
