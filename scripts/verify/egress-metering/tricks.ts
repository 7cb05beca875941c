import { utilityAllowance } from "@automna/core/credits/utility-call";
import { findAccount } from "@automna/records/credits/account";
import type { Dispatcher } from "undici";
import type { ScenarioContext } from "../harness/scenario.ts";
import { openHolds } from "./count-truth.ts";
import { startInProcess } from "./in-process.ts";
import { makeCall, type PlannedCall } from "./make-call.ts";
import type { Customer, World } from "./world.ts";

/** What a hostile agent might try for free answers, and what each of them costs. */
export async function tryTricks(ctx: ScenarioContext, world: World, dispatcher: Dispatcher): Promise<void> {
  const url = await startInProcess(ctx, world);
  const call = (customer: Customer, run: string | null, change: Partial<PlannedCall> = {}) => {
    const directive = { userId: customer.userId, run: run ?? `none-${ctx.random.hex(8)}`, nonce: ctx.random.hex(12) };
    return makeCall(url, { ...plain, customer, run, directive, ...change }, dispatcher);
  };
  const spent = async ({ userId }: Customer) => (await findAccount(world.owner, userId))?.balances.spent ?? 0;
  const settled = (customer: Customer, credits: number, sentence: string) =>
    ctx.eventually(sentence, async () => ((await spent(customer)) === credits ? true : null), { timeoutMs: 10_000 });

  const [ann, eve] = [await world.addCustomer(), await world.addCustomer()];
  await call(ann, "a-run");
  for (let count = 0; count < 3; count += 1) await call(eve, "a-run");
  await settled(eve, 1, "another customer's run is none that was paid: Eve's own of that name costs her 1");
  await settled(ann, 1, "and Ann's costs her 1");

  const nameless = await world.addCustomer();
  for (const run of [null, null, "two words", "../a"]) await call(nameless, run);
  await settled(nameless, 4, "calls without a run, or with a name that is none, are a message each");

  const dressedUp = await world.addCustomer();
  const many = 3 * utilityAllowance.first;
  for (let count = 0; count < many; count += 1)
    await call(dressedUp, `u-${count}`, { model: "claude-haiku-4-5", isUtility: true });
  await ctx.eventually("nothing of it is held any more", async () =>
    (await openHolds(world.owner)) === 0 ? true : null,
  );
  const paid = await spent(dressedUp);
  ctx.hold(
    paid > 0 && many - paid <= utilityAllowance.first + paid * utilityAllowance.perRun,
    "calls dressed up as recaps are free no more often than the rule says",
    { calls: many, paid },
  );

  const pro = await world.addCustomer({ tier: "pro" });
  const refused = await call(pro, "a-run");
  ctx.hold(refused.errorType === "credits_not_included", "a plan without AI on credits gets none", refused);

  const busyUrl = await startInProcess(ctx, world, { limits: { callsPerS: 1, callsAtOnce: 4 } });
  const busy = await world.addCustomer();
  const directive = { userId: busy.userId, run: "busy", nonce: ctx.random.hex(12), delayMs: 300 };
  const made = await Promise.all(
    Array.from({ length: 12 }, () =>
      makeCall(busyUrl, { ...plain, customer: busy, run: "busy", directive }, dispatcher),
    ),
  );
  const answered = made.filter(({ status }) => status === 200).length;
  ctx.hold(answered === 4, "an agent has no more calls under way than it may", answered);
  ctx.hold(
    made.every(({ status, errorType }) => status === 200 || errorType === "agent_too_busy"),
    "the others are told so",
  );
  await settled(busy, 1, "and the run that all of them were of costs 1");
}

const plain = {
  model: "claude-sonnet-5",
  isStream: false,
  hasThinking: false,
  isUtility: false,
  leaves: null,
} as const;
