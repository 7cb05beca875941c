import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { DAY_MS } from "@automna/core/shared/clock";
import { DELETE_WORDS } from "@automna/contract/identity";
import type { ApiClient } from "@automna/testkit/api-client";
import type { ScenarioContext } from "../harness/scenario.ts";
import { cancel } from "./cancel-and-return.ts";
import { slotFolder, toldTo } from "./purchase.ts";
import { untilPhase } from "./sign-up-and-pay.ts";
import type { World } from "./world.ts";

/** The control: who does not come back loses the data, so that what was kept above was kept by paying. */
export async function endWithTheClock(ctx: ScenarioContext, world: World, customer: ApiClient): Promise<void> {
  const folder = slotFolder(world);
  await cancel(ctx, world, customer);
  // The clock stands 29 days ahead already.
  await world.passAtHome(DAY_MS / 2);
  ctx.hold(existsSync(folder), "local: half a day before the end the data is still there");
  await world.passAtHome(DAY_MS);
  await ctx.eventually("local: then the agent is deleted with its data", async () =>
    existsSync(folder) ? null : true,
  );
  ctx.hold((await toldTo(world, customer)).at(-1) === "billing.expired", "local: which is said");
}

/** Deleting the account: here it is taken back, at Clerk it is final. */
export async function endWithTheIssuer(ctx: ScenarioContext, world: World, customer: ApiClient): Promise<void> {
  const { clerk, sdk } = world;
  if (clerk === null) throw new Error("this is about Clerk");
  const folder = slotFolder(world);
  const paying = async () => (await sdk.subscriptions.list({ status: "active" })).data.length;
  await customer.call("deleteAccount", { body: { confirm: DELETE_WORDS } });
  await ctx.eventually("clerk: deleting the account ends the plan at Stripe", async () =>
    (await paying()) === 0 ? true : null,
  );
  await untilPhase(ctx, customer, { phase: "asleep", sentence: "clerk: and stops the agent" });
  const kept = await customer.call("keepAccount");
  ctx.hold(kept.status === 200 && existsSync(folder), "clerk: which can be taken back, with everything there", kept);

  await fetch(`${clerk.url}/v1/users/${customer.userId()}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${clerk.secretKey}` },
  });
  await ctx.eventually("clerk: an account that is gone there is closed here", async () => {
    const [user] = await world.query<{ state: string }>("SELECT state::text FROM users WHERE id = $1", [
      customer.userId(),
    ]);
    return user?.state === "deleted" ? true : null;
  });
  // The clock stands 29 days ahead already.
  await world.passAtHome(DAY_MS / 2);
  ctx.hold(existsSync(dirname(folder)) && existsSync(folder), "clerk: its data is kept for thirty days");
  await world.passAtHome(DAY_MS);
  await ctx.eventually("clerk: and erased then", async () => (existsSync(folder) ? null : true));
  const [left] = await world.query<{ email: string; audits: string }>(
    "SELECT email, (SELECT count(*) FROM audit_events WHERE user_id = users.id) AS audits FROM users WHERE id = $1",
    [customer.userId()],
  );
  ctx.hold(
    left?.email.endsWith("@deleted.invalid") === true && Number(left.audits) > 5,
    "clerk: who it was is forgotten, what was done is not",
    left,
  );
}
