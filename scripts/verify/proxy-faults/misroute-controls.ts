import { setTimeout as sleep } from "node:timers/promises";
import type { ScenarioContext } from "../harness/scenario.ts";
import { makeLane, type Reply } from "./asking-lane.ts";
import { startDeafIngress } from "./deaf-ingress.ts";
import { LEARNS_WITHIN_MS, makePlaces } from "./places.ts";
import type { Customer, World } from "./world.ts";

const MARGIN_MS = 200;

/** What keeps a moved agent's requests on their way, each first taken away. */
export async function holdMisrouteControls(ctx: ScenarioContext, world: World, port: number): Promise<void> {
  const [anna, bert] = [await world.addCustomer(), await world.addCustomer()];
  const places = makePlaces(world, [anna, bert]);
  ctx.onCleanup("close the old places", places.close);
  const { port: deafPort } = await startDeafIngress(ctx, world);
  const { port: trustingPort } = await startDeafIngress(ctx, world, { isTrusting: true });

  const asksTheOldPlace = (of: number) => async () => {
    await ask(of, anna);
    await places.moveAway(anna, 2 * LEARNS_WITHIN_MS);
    await sleep(LEARNS_WITHIN_MS + MARGIN_MS, undefined, { signal: ctx.signal });
    return places.judge(await ask(of, anna)) === "misrouted";
  };
  await ctx.attack({
    name: "2 s after a move a customer's request goes to the old place (control: no notifications)",
    unsafe: asksTheOldPlace(deafPort),
    safe: asksTheOldPlace(port),
  });

  const reachesAnother = (of: number) => async () => {
    for (const customer of [anna, bert]) await ask(of, customer);
    await places.exchange(anna, bert);
    const replies = [await ask(of, anna), await ask(of, bert)];
    return replies.some((reply) => places.judge(reply) === "misrouted");
  };
  await ctx.attack({
    name: "a port that changed hands gets its former user's request (control: no proof; both without notifications)",
    unsafe: reachesAnother(trustingPort),
    safe: reachesAnother(deafPort),
  });
  await places.close();
}

async function ask(port: number, customer: Customer): Promise<Reply> {
  const replies: Reply[] = [];
  let left = 1;
  await makeLane(port, "c").run(
    () => (left-- > 0 ? customer : null),
    (reply) => replies.push(reply),
  );
  const [reply] = replies;
  if (reply === undefined) throw new Error("nothing was asked");
  return reply;
}
