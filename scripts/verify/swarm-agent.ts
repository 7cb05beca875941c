import { agentActionsOf } from "./swarm-agent/wishes.ts";
import type { Scenario, ScenarioContext } from "./harness/scenario.ts";
import { signIn } from "@automna/testkit/api-client";
import { tierCatalogue } from "@automna/core/tiers/catalogue";
import { untilReady } from "./steps/agent-life.ts";
import { startSwarmInstallation } from "./steps/swarm-cell.ts";
import { makeKeepsakes } from "./swarm-agent/keepsakes.ts";
import { assertNothingLeft } from "./swarm-agent/remains.ts";
import { assertFromInside, assertInspected, attackFromInside } from "./swarm-agent/walls.ts";

export const scenario: Scenario = {
  name: "swarm-agent",
  title:
    "an agent on a real Swarm through its whole life: deploy, chat, doze, sleep, wake, restart, resize, move, delete; nothing is lost, walls hold",
  needsDocker: true,
  run,
};

const SLOT_PIDS = 1_024;

async function run(ctx: ScenarioContext): Promise<void> {
  const installation = await startSwarmInstallation(ctx, {
    agentNodes: 2,
    image: ctx.isQuick ? "tinyAgent" : "agent",
  });
  const { product, fake, key } = installation;
  fake.setReply(() => `Yes: ${fake.nonce}`);
  const customer = await signIn(product.startLink, "swarm@example.com");
  ctx.must((await customer.putKey(key)).status === 200, "the customer's key is accepted");
  const deployedAt = Date.now();
  await customer.deploy({ name: "Swan", personality: "", modelSource: "byok" });
  await untilReady(ctx, customer);
  ctx.figure("seconds from deploy to ready", (Date.now() - deployedAt) / 1_000, "s");

  const keepsakes = makeKeepsakes(ctx, installation, customer);
  const first = await keepsakes.checkAndAdd("deploy");
  const { memoryMb, cpus } = tierCatalogue.local;
  await assertInspected(ctx, first, { memoryMb, cpus, pids: SLOT_PIDS });
  await assertFromInside(ctx, first);
  await attackFromInside(ctx, first);

  const wishes = agentActionsOf(ctx, installation, customer);
  await wishes.rest("doze");
  await keepsakes.checkAndAdd("doze and wake");
  await wishes.rest("sleep");
  await keepsakes.checkAndAdd("sleep and wake");
  await wishes.restart();
  await keepsakes.checkAndAdd("restart");
  await wishes.resize("pro");
  const resized = await keepsakes.checkAndAdd("resize");
  await assertInspected(ctx, resized, {
    memoryMb: tierCatalogue.pro.memoryMb,
    cpus: tierCatalogue.pro.cpus,
    pids: SLOT_PIDS,
  });
  await wishes.move();
  const moved = await keepsakes.checkAndAdd("move");
  await assertFromInside(ctx, moved);
  await wishes.remove();
  await assertNothingLeft(ctx, installation);
}
