import { STRIPE_DESCRIPTIONS } from "@automna/testkit/fakes/stripe/fake-stripe";
import { endWithTheClock, endWithTheIssuer } from "./paid-signup/endings.ts";
import { cancelAndReturn } from "./paid-signup/cancel-and-return.ts";
import { failAndPay } from "./paid-signup/fail-and-pay.ts";
import { signUpAndPay } from "./paid-signup/sign-up-and-pay.ts";
import { identitySources, startWorld, type IdentitySource } from "./paid-signup/world.ts";
import type { Scenario, ScenarioContext } from "./harness/scenario.ts";

export const scenario: Scenario = {
  name: "paid-signup",
  title:
    "sign-up, checkout, agent, chat; cancelled: asleep, the delete clock, back with all its data by paying: with both identity sources",
  needsSpec: STRIPE_DESCRIPTIONS,
  run,
};

async function run(ctx: ScenarioContext): Promise<void> {
  // Side by side most of the waiting is shared; one after another the figures are those of one installation.
  if (ctx.isQuick) await Promise.all(identitySources.map((source) => wholeLife(ctx, source)));
  else for (const source of identitySources) await wholeLife(ctx, source);
}

async function wholeLife(ctx: ScenarioContext, source: IdentitySource): Promise<void> {
  const world = await startWorld(ctx, source);
  const { customer, first } = await signUpAndPay(ctx, world);
  await failAndPay(ctx, world, customer);
  await cancelAndReturn(ctx, world, { customer, first });
  await (source === "clerk" ? endWithTheIssuer(ctx, world, customer) : endWithTheClock(ctx, world, customer));
  const { violations } = world.stripe.contract;
  ctx.hold(violations.length === 0, `${source}: no call to Stripe and no answer broke its description`, violations);
  await world.stop();
}
