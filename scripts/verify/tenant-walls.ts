import type { Scenario, ScenarioContext } from "./harness/scenario.ts";
import { assertChat, watchAnswers } from "./tenant-walls/answering.ts";
import { openControlPlane } from "./tenant-walls/control-plane.ts";
import { attackNetwork } from "./tenant-walls/network-walls.ts";
import { makePlace } from "./tenant-walls/place.ts";

export const scenario: Scenario = {
  name: "tenant-walls",
  title:
    "from a shell in one agent, from the public side and from root on a customer's own node everything is tried over the network against the rest: each attempt works without the node guard, none with it",
  needsDocker: true,
  run,
};

async function run(ctx: ScenarioContext): Promise<void> {
  const place = await makePlace(ctx);
  const controlPlane = await openControlPlane(ctx, place);
  const watch = watchAnswers(ctx, place);
  ctx.onCleanup("stop watching", () => watch.stop());
  await attackNetwork(ctx, place, controlPlane);
  watch.report("attacks over the network");
  await watch.stop();
  await assertChat(ctx, place, "all attacks");
}
