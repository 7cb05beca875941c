import type { Scenario, ScenarioContext } from "./harness/scenario.ts";
import { assertChat, watchAnswers } from "./tenant-walls/answering.ts";
import { attackByExhaustion } from "./tenant-walls/bombs.ts";
import { openControlPlane } from "./tenant-walls/control-plane.ts";
import { attackFromDedicatedNode } from "./tenant-walls/dedicated-walls.ts";
import { attackEngine } from "./tenant-walls/engine-walls.ts";
import { attackFromInside } from "./tenant-walls/inside-walls.ts";
import { attackKeepers } from "./tenant-walls/keeper-walls.ts";
import { attackKeys } from "./tenant-walls/key-walls.ts";
import { attackNetwork } from "./tenant-walls/network-walls.ts";
import { makePlace } from "./tenant-walls/place.ts";

export const scenario: Scenario = {
  name: "tenant-walls",
  title:
    "from a shell in one agent, from the public side and from root on a customer's own node everything is tried against the rest: each attempt works with its one guard off, none with it",
  needsDocker: true,
  run,
};

async function run(ctx: ScenarioContext): Promise<void> {
  const place = await makePlace(ctx);
  const controlPlane = await openControlPlane(ctx, place);
  const watch = watchAnswers(ctx, place);
  ctx.onCleanup("stop watching", () => watch.stop());
  const rounds: Record<string, () => Promise<void>> = {
    "attacks over the network": () => attackNetwork(ctx, place, controlPlane),
    "attacks from inside": () => attackFromInside(ctx, place),
    "attacks by exhaustion": () => attackByExhaustion(ctx, place),
    "attacks with keys": () => attackKeys(ctx, place),
    "attacks on nodekeeper": () => attackKeepers(ctx, place),
    "attacks on Docker": () => attackEngine(ctx, place),
    "attacks from a dedicated node": () => attackFromDedicatedNode(ctx, place, controlPlane),
  };
  for (const [name, round] of Object.entries(rounds)) {
    await round();
    await watch.report(name);
  }
  await watch.stop();
  await assertChat(ctx, place, "all attacks");
}
