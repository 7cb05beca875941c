import { Agent } from "undici";
import { holdSameCount } from "./egress-metering/count-truth.ts";
import { tryTheLimit } from "./egress-metering/at-the-limit.ts";
import { measureFirstByte } from "./egress-metering/first-byte.ts";
import { tryForbidden } from "./egress-metering/forbidden.ts";
import { scanForKeys } from "./egress-metering/key-places.ts";
import { holdBooksAreRight, killEgress } from "./egress-metering/killed.ts";
import { makeCall, type MadeCall } from "./egress-metering/make-call.ts";
import { planRuns, type PlannedRun } from "./egress-metering/plan-calls.ts";
import { tryTricks } from "./egress-metering/tricks.ts";
import { makeWorld, type Customer, type World } from "./egress-metering/world.ts";
import type { Scenario, ScenarioContext } from "./harness/scenario.ts";

export const scenario: Scenario = {
  name: "egress-metering",
  title: "model calls are charged as the provider counts them, never beyond the limit, and no key leaves its place",
  run,
};

const CALLS = { quick: 300, full: 2_000 };
const PAYING = 16;
const ON_THEIR_OWN_KEY = 4;
/** Runs at once: what an edge node of a small cell sees. */
const WORKERS = 24;

async function run(ctx: ScenarioContext): Promise<void> {
  const world = await makeWorld(ctx);
  const dispatcher = new Agent({ connections: 256, headersTimeout: 60_000, bodyTimeout: 60_000 });
  ctx.onCleanup("the callers' connections", () => dispatcher.destroy());
  const processes = [await world.startEgress("egress-1"), await world.startEgress("egress-2")];
  const urls = processes.map(({ url }) => url);

  const customers = await makeCustomers(world);
  const count = ctx.isQuick ? CALLS.quick : CALLS.full;
  const runs = planRuns(ctx.random, customers, count);
  const startedAt = performance.now();
  const made = await playRuns(ctx, runs, (index) => (call) => makeCall(urls[index % 2] ?? "", call, dispatcher));
  ctx.figure("mixed calls", made.length, "");
  ctx.figure("calls per second", made.length / ((performance.now() - startedAt) / 1_000), "/s");
  for (const [what, share] of Object.entries(shares(runs, made))) ctx.figure(`of them ${what}`, share, "");
  await holdSameCount(ctx, world, customers);

  const atLimit = await tryTheLimit(ctx, world, { urls, dispatcher });
  await holdSameCount(ctx, world, [...customers, ...atLimit]);
  await tryTricks(ctx, world, dispatcher);
  await tryForbidden(ctx, world, dispatcher);
  await measureFirstByte(ctx, world, { url: urls[0] ?? "", dispatcher });
  await scanForKeys(ctx, world, { processes, transcripts: made.map(({ transcript }) => transcript) });
  await killEgress(ctx, world, { url: urls[1] ?? "", dispatcher });
  await holdBooksAreRight(ctx, world);
}

async function makeCustomers(world: World): Promise<Customer[]> {
  const customers: Customer[] = [];
  for (let count = 0; count < PAYING; count += 1) customers.push(await world.addCustomer());
  for (let count = 0; count < ON_THEIR_OWN_KEY; count += 1) customers.push(await world.addCustomer({ source: "byok" }));
  return customers;
}

type Player = (call: PlannedRun["calls"][number]) => Promise<MadeCall>;

/** Plays the runs side by side; the calls of a run in turn, or at once, through both processes. */
async function playRuns(
  ctx: ScenarioContext,
  runs: readonly PlannedRun[],
  playerOf: (index: number) => Player,
): Promise<MadeCall[]> {
  const made: MadeCall[] = [];
  const waiting = [...runs];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      ctx.signal.throwIfAborted();
      if (next.isParallel) made.push(...(await Promise.all(next.calls.map((call, index) => playerOf(index)(call)))));
      else for (const [index, call] of next.calls.entries()) made.push(await playerOf(index)(call));
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  return made;
}

function shares(runs: readonly PlannedRun[], made: readonly MadeCall[]): Record<string, number> {
  const calls = runs.flatMap((one) => one.calls);
  const of = (is: (call: (typeof calls)[number]) => boolean) => calls.filter(is).length;
  return {
    streamed: of(({ isStream }) => isStream),
    "not streamed": of(({ isStream }) => !isStream),
    "left by the caller": of(({ leaves }) => leaves !== null),
    "cut by the provider": of(({ directive }) => directive.cutAfter !== undefined),
    "refused by the provider": made.filter(({ status }) => status !== null && status !== 200).length,
    recaps: of(({ isUtility }) => isUtility),
  };
}
