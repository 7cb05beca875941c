import type { Scenario, ScenarioContext } from "./harness/scenario.ts";
import { attackApi } from "./isolation-basic/api-attacks.ts";
import { attackEgress } from "./isolation-basic/egress-attacks.ts";
import { attackGate } from "./isolation-basic/gate-attacks.ts";
import { attackHeaders, attackIngress } from "./isolation-basic/ingress-attacks.ts";
import { makeWorld } from "./isolation-basic/world.ts";

export const scenario: Scenario = {
  name: "isolation-basic",
  title:
    "two customers and every route: nothing of one answers to the other, and no credential travels further than it must",
  run,
};

async function run(ctx: ScenarioContext): Promise<void> {
  const world = await makeWorld(ctx);
  await attackHeaders(ctx, world);
  await attackIngress(ctx, world);
  await attackGate(ctx, world);
  await attackEgress(ctx, world);
  await attackApi(ctx, world);
}
