import { existsSync, readFileSync } from "node:fs";
import { DAY_MS } from "@automna/core/shared/clock";
import type { ApiClient } from "@automna/testkit/api-client";
import { connectGateway } from "@automna/testkit/gateway-client";
import type { ScenarioContext } from "../harness/scenario.ts";
import { openChat } from "../steps/chat.ts";
import { billingOf, refusalOf } from "./customers.ts";
import { buy, stripeIds, toldTo } from "./purchase.ts";
import { untilPhase, type FirstDay } from "./sign-up-and-pay.ts";
import type { World } from "./world.ts";

/** Cancels in Stripe's portal and lets the paid month end: the agent sleeps and the delete clock runs. */
export async function cancel(ctx: ScenarioContext, world: World, customer: ApiClient): Promise<void> {
  const { source, sdk } = world;
  const { subscription } = await stripeIds(world, customer);
  await sdk.subscriptions.update(subscription, { cancel_at_period_end: true });
  await ctx.eventually(`${source}: a plan that was cancelled says when it ends, and runs until then`, async () => {
    const { tier, subscriptions } = await billingOf(customer);
    return tier !== null && subscriptions.some(({ endsAtPeriodEnd }) => endsAtPeriodEnd) ? true : null;
  });
  await world.passAtStripe(32 * DAY_MS);
  const asleep = await ctx.eventually(`${source}: at its end the plan is gone`, async () => {
    const view = await billingOf(customer);
    return view.dunning === "asleep" ? view : null;
  });
  const days = ((asleep.deadlineMs ?? 0) - Date.now()) / DAY_MS;
  ctx.hold(Math.abs(days - 30) < 0.1, `${source}: and the delete clock shows thirty days`, days);
  await untilPhase(ctx, customer, { phase: "asleep", sentence: `${source}: the agent sleeps` });
}

/** Cancelled, asleep, warned, and back by paying, with the file and the conversation. */
export async function cancelAndReturn(
  ctx: ScenarioContext,
  world: World,
  { customer, first }: { customer: ApiClient; first: FirstDay },
): Promise<void> {
  const { source, product } = world;
  await cancel(ctx, world, customer);
  const agent = await customer.agent();
  ctx.hold(agent?.reason?.code === "plan_ended", `${source}: and says why`, agent?.reason);
  const params = { agentId: first.agentId };
  const refused = refusalOf(await customer.call("startAgent", { params }));
  ctx.hold(refused === "402 plan_ended /dashboard/plans", `${source}: it can't be started without a plan`, refused);
  const socket = await connectGateway({
    origin: product.url,
    userId: customer.userId(),
    cookies: customer.cookies(),
  }).then(
    (open) => open.close(),
    (error: unknown) => String(error),
  );
  ctx.hold(socket !== undefined, `${source}: nobody can chat with it`, socket);
  ctx.hold(product.slotProcesses().length === 0, `${source}: and nothing of it runs`);

  await world.passAtHome(24 * DAY_MS);
  await world.passAtHome(5 * DAY_MS);
  const told = (await toldTo(world, customer)).slice(-2).join(", ");
  ctx.hold(
    told === "billing.put_to_sleep, billing.delete_due",
    `${source}: a week before the end it is said, once`,
    told,
  );
  ctx.hold(existsSync(first.file), `${source}: on the last day its files are still there`);

  const paidAt = await buy(ctx, world, { customer, tier: "starter" });
  await untilPhase(ctx, customer, { phase: "ready", sentence: `${source}: paying brings the agent back by itself` });
  ctx.figure(`${source}: seconds from paying again to ready`, (Date.now() - paidAt) / 1_000, "s");
  ctx.hold((await customer.agent())?.id === first.agentId, `${source}: the same agent`);
  const content = existsSync(first.file) ? readFileSync(first.file, "utf8") : null;
  ctx.hold(content === first.content, `${source}: its file is as it was`, content);
  const chat = await openChat(ctx, customer);
  const history = await chat.history();
  chat.close();
  ctx.hold(
    history.some(({ role, text }) => role === "user" && text.includes(first.question)) &&
      history.some(({ role, text }) => role === "assistant" && text.includes(world.fake.nonce)),
    `${source}: the question and the answer are in its history`,
    history.length,
  );
  ctx.hold((await toldTo(world, customer)).at(-1) === "billing.restored", `${source}: and the customer is told`);
  await world.passAtHome(0);
  ctx.hold((await billingOf(customer)).dunning === "clear", `${source}: the old clock has no power any more`);
}
