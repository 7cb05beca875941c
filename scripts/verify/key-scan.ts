import { newAnthropicKey } from "@automna/testkit/fakes/anthropic";
import { signIn } from "@automna/testkit/api-client";
import type { Scenario, ScenarioContext } from "./harness/scenario.ts";
import { secretOf } from "./key-scan/needles.ts";
import { placesOf, type Place } from "./key-scan/places.ts";
import { untilReady } from "./steps/agent-life.ts";
import { openChat, say } from "./steps/chat.ts";
import { startInstallation } from "./steps/installation.ts";

export const scenario: Scenario = {
  name: "key-scan",
  title: "after a real chat the customer's key is nowhere to be found, where a planted one is found everywhere",
  run,
};

async function run(ctx: ScenarioContext): Promise<void> {
  const { product, fake, key } = await startInstallation(ctx);
  const customer = await signIn(product.startLink, "key@example.com");
  const stored = await customer.putKey(key);
  ctx.must(stored.status === 200, "the customer's key is accepted", stored);
  ctx.hold(!JSON.stringify(stored.body).includes(key.slice(0, -4)), "the answer shows no more than its end");
  // A key that was typed wrong is a secret as well.
  const refused = newAnthropicKey();
  ctx.hold((await customer.putKey(refused)).status === 422, "a key that the provider refuses is refused");

  await customer.deploy({ name: "Kay", personality: "", modelSource: "byok" });
  await untilReady(ctx, customer);
  const chat = await openChat(ctx, customer);
  const { text } = await say(ctx, chat, "Say the word.");
  ctx.hold(text.includes(fake.nonce), "a chat went through the whole chain");
  ctx.hold(
    fake.requests().some(({ path, headers }) => path.startsWith("/v1/messages") && headers["x-api-key"] === key),
    "and the model provider got the customer's key",
  );
  chat.close();

  const slotId = product.slotProcesses()[0]?.slotId;
  ctx.must(slotId !== undefined, "the agent's slot is known");
  for (const place of placesOf(product, slotId)) await scan(ctx, place, { key, refused });

  await product.stop();
  ctx.log("after the stop, with everything written out:");
  for (const place of placesOf(product, slotId).filter(({ name }) =>
    ["logs", "data folder", "agent's folder"].includes(name),
  )) {
    await scan(ctx, place, { key, refused });
  }
}

/** One pass for all of them: what finds the planted keys is what does not find the real ones. */
async function scan(ctx: ScenarioContext, place: Place, secrets: { key: string; refused: string }): Promise<void> {
  const planted = { "as it is": newAnthropicKey(), "as base64": newAnthropicKey() };
  const removals = [
    await place.plant(planted["as it is"]),
    await place.plant(Buffer.from(planted["as base64"]).toString("base64")),
  ];
  const removeAll = async () => {
    for (let remove = removals.pop(); remove !== undefined; remove = removals.pop()) await remove();
  };
  ctx.onCleanup(`remove what was planted in the ${place.name}`, removeAll);
  const forms = Object.entries(planted).map(([form, text]) => secretOf(form, text));
  const { finds, searched } = await place.search([
    ...forms,
    secretOf("the customer's key", secrets.key),
    secretOf("a refused key", secrets.refused),
  ]);
  await removeAll();
  const of = (name: string) => finds.filter(({ secret }) => secret === name).map(({ where }) => where);
  for (const form of Object.keys(planted))
    ctx.hold(of(form).length > 0, `${place.name}: a planted key is found ${form}`);
  for (const name of ["the customer's key", "a refused key"])
    ctx.hold(of(name).length === 0, `${place.name}: ${name} is not there (${searched})`, of(name));
}
