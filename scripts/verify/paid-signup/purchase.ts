import type { ApiClient } from "@automna/testkit/api-client";
import type { ScenarioContext } from "../harness/scenario.ts";
import { billingOf } from "./customers.ts";
import type { World } from "./world.ts";

/** Buys a plan: checkout at the api, the card on Stripe's page, and the webhook. Resolves with when it was paid, ms. */
export async function buy(
  ctx: ScenarioContext,
  world: World,
  { customer, tier }: { customer: ApiClient; tier: string },
): Promise<number> {
  await customer.refresh();
  const { status, body } = await customer.call("billingCheckout", { body: { tier } });
  ctx.must(status === 200, `${world.source}: the plan can be bought`, body);
  const { url } = body as { url: string };
  const paidAt = Date.now();
  world.stripe.completeCheckout(new URL(url).pathname.split("/").at(-1) ?? "");
  await ctx.eventually(`${world.source}: Stripe's webhook makes the plan active`, async () =>
    (await billingOf(customer)).tier === tier ? true : null,
  );
  return paidAt;
}

/** Id of the customer's newest subscription, and their id at Stripe. */
export async function stripeIds(
  world: World,
  customer: ApiClient,
): Promise<{ subscription: string; customer: string }> {
  const [row] = await world.query<{ id: string; customer_id: string }>(
    `SELECT s.id, c.customer_id FROM subscriptions s JOIN billing_customers c USING (user_id)
     WHERE s.user_id = $1 ORDER BY s.period_start DESC, s.ended_at DESC NULLS FIRST LIMIT 1`,
    [customer.userId()],
  );
  if (row === undefined) throw new Error("the customer has bought nothing");
  return { subscription: row.id, customer: row.customer_id };
}

/** Types of what the customer was told, in order. */
export async function toldTo(world: World, customer: ApiClient): Promise<string[]> {
  const rows = await world.query<{ type: string }>("SELECT type FROM outbox_events WHERE user_id = $1 ORDER BY id", [
    customer.userId(),
  ]);
  return rows.map(({ type }) => type);
}

export function slotFolder(world: World): string {
  const [slot] = world.product.slotProcesses();
  if (slot === undefined) throw new Error("no agent runs");
  return `${world.product.dataDir}/slots/${slot.slotId}`;
}
