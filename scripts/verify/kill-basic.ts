import { signIn, type ApiClient } from "@automna/testkit/api-client";
import type { Scenario, ScenarioContext } from "./harness/scenario.ts";
import { makeConversation } from "./kill-basic/conversation.ts";
import { kill, pause, untilBack } from "./kill-basic/kill.ts";
import { agentParts, services, type VictimName } from "./kill-basic/victims.ts";
import { untilDeleted, untilReady } from "./steps/agent-life.ts";
import { startInstallation, type VerifiedInstallation } from "./steps/installation.ts";
import { assertNoOrphan, assertOneAgent } from "./steps/whole.ts";

export const scenario: Scenario = {
  name: "kill-basic",
  title:
    "each part is killed during a deploy and during a running chat; everything comes back by itself, nothing is lost or double",
  run,
};

async function run(ctx: ScenarioContext): Promise<void> {
  const installation = await startInstallation(ctx);
  const { product, fake, key } = installation;
  // Long enough that every kill falls into a running answer.
  const long = Array.from({ length: 60 }, (_, index) => `word${index}`).join(" ");
  fake.setReply((prompt) =>
    prompt.user.includes("long") ? { text: `${fake.nonce} ${long}`, chunkMs: 100 } : `Yes: ${fake.nonce}`,
  );

  const customer = await signIn(product.startLink, "kill@example.com");
  ctx.must((await customer.putKey(key)).status === 200, "the customer's key is accepted");

  for (const group of deployGroups(ctx)) await killDuringDeploy(ctx, installation, customer, group);
  await killDuringChat(ctx, installation, customer);
}

/** Quick: every part within one deploy. In full: a deploy for each of them. */
function deployGroups(ctx: ScenarioContext): VictimName[][] {
  const shuffled = ctx.random.shuffle([...services, ...agentParts]);
  // An agent's own part is killed last: before that there has to be one.
  return ctx.isQuick ? [[...ctx.random.shuffle(services), ...agentParts]] : shuffled.map((name) => [name]);
}

async function killDuringDeploy(
  ctx: ScenarioContext,
  { product, fake }: VerifiedInstallation,
  customer: ApiClient,
  group: VictimName[],
): Promise<void> {
  ctx.log(`a deploy during which ${group.join(", ")} ${group.length === 1 ? "is" : "are"} killed`);
  await customer.refresh();
  if ((await customer.agent()) !== null) await remove(ctx, customer);
  await customer.deploy({ name: "Kim", personality: "", modelSource: "byok" });
  for (const name of group) {
    await pause(ctx, 0, ctx.isQuick ? 1_500 : 5_000);
    const pid = await kill(ctx, product, name);
    await untilBack(ctx, product, name, pid);
  }
  await untilReady(ctx, customer, `the agent gets ready all the same (killed: ${group.join(", ")})`);
  await assertOneAgent(ctx, product);
  const conversation = makeConversation(ctx, customer);
  const answer = await conversation.sayUntilAnswered("short: are you there?");
  ctx.hold(answer.includes(fake.nonce), "and it answers with what only the model knew");
  conversation.close();
}

async function killDuringChat(
  ctx: ScenarioContext,
  { product, fake }: VerifiedInstallation,
  customer: ApiClient,
): Promise<void> {
  const conversation = makeConversation(ctx, customer);
  let finals = 0;
  for (const name of [...ctx.random.shuffle(services), ...agentParts]) {
    ctx.log(`a chat during which ${name} is killed`);
    const startedAt = Date.now();
    const outcome = await conversation.sayWhile(`long answer please, ${name} (${ctx.random.hex(6)})`, async () => {
      await pause(ctx, 0, 1_500);
      const pid = await kill(ctx, product, name);
      await untilBack(ctx, product, name, pid);
    });
    if (outcome === "final") finals += 1;
    await untilReady(ctx, customer, `the agent is ready after ${name} was killed`);
    const answer = await conversation.sayUntilAnswered(`short: still there after ${name}?`);
    ctx.hold(answer.includes(fake.nonce), `the chat goes on after ${name} was killed`);
    ctx.figure(`seconds to the next answer after killing ${name}`, (Date.now() - startedAt) / 1000, "s");
  }
  await conversation.assertNothingLost();
  await assertOneAgent(ctx, product);
  ctx.figure("answers that ended although a part was killed", finals, `of ${services.length + agentParts.length}`);
  conversation.close();
  await customer.refresh();
  await remove(ctx, customer);
  assertNoOrphan(ctx, product);
  ctx.hold(product.slotProcesses().length === 0, "nothing of the agent runs after its deletion");
}

async function remove(ctx: ScenarioContext, customer: ApiClient): Promise<void> {
  const agent = await customer.agent();
  ctx.must(agent !== null, "there is an agent to delete");
  ctx.must(
    (await customer.call("deleteAgent", { params: { agentId: agent.id } })).status === 202,
    "the deletion is accepted",
  );
  await untilDeleted(ctx, customer);
}
