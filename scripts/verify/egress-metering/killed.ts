import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { findBooksProblems } from "@automna/records/credits/account";
import { MINUTE_MS } from "@automna/core/shared/clock";
import { sweepCredits } from "@automna/records/credits/sweep";
import type { Dispatcher } from "undici";
import type { ScenarioContext } from "../harness/scenario.ts";
import { openHolds, servedCredits } from "./count-truth.ts";
import { makeCall, type PlannedCall } from "./make-call.ts";
import type { Customer, World } from "./world.ts";

/** Longer than any hold lasts. */
const LATER_MS = 16 * MINUTE_MS;

/** Egress is killed in the middle of calls; agentd asks the next one, for the same runs. */
export async function killEgress(
  ctx: ScenarioContext,
  world: World,
  { url, dispatcher }: { url: string; dispatcher: Dispatcher },
): Promise<void> {
  const doomed = await world.startEgress("egress-doomed");
  const [again, left] = [await world.addCustomer(), await world.addCustomer()];
  // No more than one agent may have under way at once.
  const runs = ctx.isQuick ? 10 : 30;
  const plan = (customer: Customer, index: number): PlannedCall => {
    const run = `killed-${index}`;
    const directive = {
      userId: customer.userId,
      run,
      nonce: ctx.random.hex(12),
      text: "word ".repeat(80),
      chunkMs: 20,
    };
    return { ...streamed, customer, run, model: index % 3 === 0 ? "claude-opus-4-8" : "claude-sonnet-5", directive };
  };
  const underWay = [again, left].flatMap((customer) =>
    Array.from({ length: runs }, (_, index) => makeCall(doomed.url, plan(customer, index), dispatcher)),
  );
  await ctx.eventually("calls are under way, with credits held", async () =>
    (await openHolds(world.owner)) > runs ? true : null,
  );
  await sleep(200);
  doomed.child.kill("SIGKILL");
  await once(doomed.child, "exit");
  await Promise.all(underWay);
  ctx.hold((await openHolds(world.owner)) > runs, "the kill left holds that nobody settled");

  const made = await Promise.all(
    Array.from({ length: runs }, (_, index) => makeCall(url, plan(again, index), dispatcher)),
  );
  ctx.hold(
    made.every(({ status }) => status === 200),
    "the same runs are answered through another egress",
  );
  await sweepCredits(world.owner, Date.now() + LATER_MS);
  await ctx.eventually("after the sweep nothing is held", async () =>
    (await openHolds(world.owner)) === 0 ? true : null,
  );
  const expected = servedCredits(world.fake.requests());
  const spent = async ({ userId }: Customer) =>
    Number(
      (await world.owner.query<{ spent: string }>("SELECT spent FROM credit_accounts WHERE user_id = $1", [userId]))
        .rows[0]?.spent,
    );
  // An answer's end reaches its caller before its charge reaches the ledger, and after this sweep that one is late.
  await ctx.eventually("each run that was asked again is paid, by the server's count", async () =>
    (await spent(again)) === expected.get(again.userId) ? true : null,
  );
  ctx.hold((await spent(left)) === 0, "runs that only the killed egress knew cost nothing", await spent(left));
  await holdBooksAreRight(ctx, world);
  ctx.hold((await spent(again)) === expected.get(again.userId), "and paid once");
}

const streamed = { isStream: true, hasThinking: false, isUtility: false, leaves: null } as const;

/** Over everything that happened in this scenario. */
export async function holdBooksAreRight(ctx: ScenarioContext, { owner }: World): Promise<void> {
  const { rows } = await owner.query<{ key: string }>(
    `SELECT user_id, regexp_replace(key, '^(close|late):', '') AS key FROM credit_entries
     WHERE key ~ '^(close|late):run:' AND kind IN ('capture', 'charge')
     GROUP BY 1, 2 HAVING count(*) > 1`,
  );
  ctx.hold(rows.length === 0, "no step of any run was charged twice", rows);
  const problems = await findBooksProblems(owner);
  ctx.hold(problems.length === 0, "every balance is the sum of its entries", problems);
}
