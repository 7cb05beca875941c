import type { ApiClient } from "@automna/testkit/api-client";
import { newAnthropicKey, type FakeAnthropic } from "@automna/testkit/fakes/anthropic";
import type { FakeClerk } from "@automna/testkit/fakes/clerk/fake-clerk";
import type { ScenarioContext } from "../harness/scenario.ts";
import { untilReady } from "../steps/agent-life.ts";
import { openChat, say } from "../steps/chat.ts";
import { clerkCustomer } from "../steps/clerk-customer.ts";

export interface Conversation {
  customer: ApiClient;
  /** The customer's own key. */
  key: string;
  /** One more message through the edge, answered with a word that the model's server alone knows. */
  ask: (sentence: string) => Promise<void>;
}

/** A customer with a key of their own makes an agent and talks to it, all through the edge. */
export async function chatWithNewAgent(
  ctx: ScenarioContext,
  { origin, clerk, model }: { origin: string; clerk: FakeClerk; model: FakeAnthropic },
): Promise<Conversation> {
  const { id: userId } = clerk.signUp("ada@example.com");
  const customer = clerkCustomer(origin, clerk, { userId, sessionId: clerk.signIn(userId).sessionId });
  const me = await customer.call("me");
  ctx.must(me.status === 200, "a customer of Clerk's is signed in through the edge", me);
  const key = newAnthropicKey();
  model.setKey(key, "good");
  const put = await customer.putKey(key);
  ctx.must(put.status === 200, "the customer's key is accepted", put);

  const deployedAt = Date.now();
  await customer.deploy({ name: "Smoke", personality: "", modelSource: "byok" });
  await untilReady(ctx, customer, "a new agent becomes a service of the Swarm, through the socket proxy, and is ready");
  ctx.figure("deploy to ready", (Date.now() - deployedAt) / 1000, "s");

  const ask = async (sentence: string) => {
    const chat = await openChat(ctx, customer);
    try {
      const question = `What is the word? ${ctx.random.hex(8)}`;
      const { state, text, fullMs } = await say(ctx, chat, question);
      ctx.hold(state === "final" && text.includes(model.nonce), sentence, text.slice(0, 200));
      const calls = model.requests().filter(({ body }) => body.includes(question));
      const isByKey = calls.length > 0 && calls.every(({ headers }) => headers["x-api-key"] === key);
      ctx.hold(isByKey, "the question came to the model's server with the customer's key", calls.length);
      ctx.figure(`ms to the answer: ${sentence}`, fullMs, "ms");
    } finally {
      chat.close();
    }
  };
  await ask("it answers with a word that only the model's server knows");
  return { customer, key, ask };
}
