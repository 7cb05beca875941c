import type { Pool } from "@automna/records/pool";
import type { Dispatcher } from "undici";
import type { ScenarioContext } from "../harness/scenario.ts";
import { startInProcess } from "./in-process.ts";
import { makeCall, type MadeCall, type PlannedCall } from "./make-call.ts";
import type { Customer, World } from "./world.ts";

const CREDITS = 20;
const CAP = 10;
/** No more than two processes let one agent have under way. */
const CALLS = 60;

/** Many runs at once with credits for a few of them: through two processes, with overage off and on. */
export async function tryTheLimit(
  ctx: ScenarioContext,
  world: World,
  { urls, dispatcher }: { urls: readonly string[]; dispatcher: Dispatcher },
): Promise<Customer[]> {
  const careless = await startInProcess(ctx, world, { isCareless: true });
  const control = await world.addCustomer({ credits: CREDITS });
  await storm(ctx, { customer: control, urls: [careless], dispatcher });
  await ctx.eventually("a gateway that looks at the balance and charges later goes below 0", async () =>
    (await lowestAvailable(world.owner, control)) < 0 ? true : null,
  );

  const off = await world.addCustomer({ credits: CREDITS });
  const on = await world.addCustomer({ credits: CREDITS, cap: CAP });
  for (const [customer, floor, what] of [
    [off, 0, "overage off"],
    [on, -CAP, "overage on"],
  ] as const) {
    const made = await storm(ctx, { customer, urls, dispatcher });
    const answered = made.filter(({ status }) => status === 200).length;
    const refused = made.filter(({ errorType }) => errorType === "credits_exhausted");
    const lowest = await lowestAvailable(world.owner, customer);
    ctx.hold(lowest === floor, `${what}: the balance stops at ${floor}, also between two entries`, lowest);
    ctx.hold(answered === CREDITS - floor, `${what}: as many runs are answered as there are credits for`, answered);
    ctx.hold(refused.length === CALLS - answered, `${what}: all others are refused`, refused.length);
    ctx.hold(
      refused.every(({ status, transcript }) => status === 424 && transcript.includes("You are out of credits.")),
      `${what}: the refusal says so in the provider's shape, with a status that locks no gateway out`,
      refused[0]?.transcript,
    );
  }
  return [off, on];
}

interface Storm {
  customer: Customer;
  urls: readonly string[];
  dispatcher: Dispatcher;
}

function storm(ctx: ScenarioContext, { customer, urls, dispatcher }: Storm): Promise<MadeCall[]> {
  const calls = Array.from({ length: CALLS }, (_, index): PlannedCall => {
    const run = `limit-${index}-${ctx.random.hex(8)}`;
    const directive = { userId: customer.userId, run, nonce: ctx.random.hex(12), delayMs: 100 };
    return { ...plain, customer, run, directive };
  });
  return Promise.all(calls.map((call, index) => makeCall(urls[index % urls.length] ?? "", call, dispatcher)));
}

const plain = {
  model: "claude-sonnet-5",
  isStream: true,
  hasThinking: false,
  isUtility: false,
  leaves: null,
} as const;

/** The lowest that could be spent at any moment, from the entries themselves. */
async function lowestAvailable(owner: Pool, { userId }: Customer): Promise<number> {
  const { rows } = await owner.query<{ lowest: string }>(
    `SELECT min(available) AS lowest FROM (
       SELECT sum(CASE WHEN to_account = 'available' THEN credits WHEN from_account = 'available' THEN -credits ELSE 0 END)
         OVER (ORDER BY number) AS available
       FROM credit_entries WHERE user_id = $1) moments`,
    [userId],
  );
  return Number(rows[0]?.lowest);
}
