import { DAY_MS } from "@automna/core/shared/clock";
import type { ApiClient } from "@automna/testkit/api-client";
import type { ScenarioContext } from "../harness/scenario.ts";
import { billingOf } from "./customers.ts";
import { stripeIds, toldTo } from "./purchase.ts";
import type { World } from "./world.ts";

/** A card that is declined: the customer hears of it, the agent runs on, and paying is all it takes. */
export async function failAndPay(ctx: ScenarioContext, world: World, customer: ApiClient): Promise<void> {
  const { source, stripe, sdk } = world;
  const before = await customer.agent();
  const ids = await stripeIds(world, customer);
  stripe.setCard(ids.customer, "declined");
  await world.passAtStripe(32 * DAY_MS);
  const owed = await ctx.eventually(`${source}: a declined card begins the grace`, async () => {
    const view = await billingOf(customer);
    return view.dunning === "grace" ? view : null;
  });
  const graceDays = ((owed.deadlineMs ?? 0) - Date.now()) / DAY_MS;
  ctx.hold(Math.abs(graceDays - 7) < 0.1 && owed.tier === "starter", `${source}: of seven days, with the plan`, owed);
  ctx.hold((await toldTo(world, customer)).join() === "billing.payment_failed", `${source}: and is told, once`);

  stripe.setCard(ids.customer, "good");
  for (const { id } of (await sdk.invoices.list({ customer: ids.customer, status: "open" })).data)
    await sdk.invoices.pay(id);
  await ctx.eventually(`${source}: paying ends it`, async () =>
    (await billingOf(customer)).dunning === "clear" ? true : null,
  );
  const after = await customer.agent();
  ctx.hold(
    after?.phase === "ready" && after.phaseSinceMs === before?.phaseSinceMs,
    `${source}: the agent has not noticed`,
    after,
  );
}
