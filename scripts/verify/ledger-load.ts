import type { Scenario, ScenarioContext } from "./harness/scenario.ts";
import { compareBalanceReads } from "./ledger-load/balance-reads.ts";
import { findLostUpdates } from "./ledger-load/lost-updates.ts";
import { median, spread } from "./steps/statistics.ts";
import { CALLERS, CONNECTIONS, makeWorkloads, type Workload } from "./ledger-load/workloads.ts";
import { makeLedgerWorld } from "./ledger-load/world.ts";

export const scenario: Scenario = {
  name: "ledger-load",
  title: "charges keep up with bare inserts on the same server, none is lost or double, and a balance is read at once",
  run,
};

/** Issue's floors: charges per second against bare single-row inserts per second. */
const MANY_ACCOUNTS_FLOOR = 0.5;
const HOT_ACCOUNT_FLOOR = 0.25;
const BALANCE_READ_CEILING = 3;

async function run(ctx: ScenarioContext): Promise<void> {
  const world = await makeLedgerWorld(ctx);
  await findLostUpdates(ctx, world);

  const workloads = makeWorkloads(ctx, world);
  ctx.onCleanup("the workloads' connections", workloads.close);
  const rates = await measure(ctx, workloads.all);
  const bare = median(rates.get("bare inserts") ?? []);
  ctx.figure("connections of each, at most", CONNECTIONS, "");
  ctx.figure("callers behind the charges", CALLERS, "");
  for (const [name, perSecond] of rates) {
    ctx.figure(`${name}, median`, median(perSecond), "/s");
    ctx.figure(`${name}, spread`, spread(perSecond), "%");
  }
  holdRatio(
    ctx,
    "charges over many accounts",
    median(rates.get("charges, many accounts") ?? []) / bare,
    MANY_ACCOUNTS_FLOOR,
  );
  holdRatio(
    ctx,
    "charges on one hot account",
    median(rates.get("charges, one account") ?? []) / bare,
    HOT_ACCOUNT_FLOOR,
  );

  await workloads.holdNothingLostOrDouble();

  const ratio = await compareBalanceReads(ctx, world);
  ctx.hold(
    ratio <= BALANCE_READ_CEILING,
    `a balance read costs at most ${BALANCE_READ_CEILING}× a primary-key read`,
    ratio.toFixed(2),
  );
}

/** Rounds of all workloads in turn, so that a slow moment of the machine meets each of them. */
async function measure(ctx: ScenarioContext, workloads: readonly Workload[]): Promise<Map<string, number[]>> {
  const rounds = ctx.isQuick ? 3 : 7;
  const roundMs = ctx.isQuick ? 1_000 : 3_000;
  for (const { run: warmUp } of workloads) await warmUp(roundMs / 2);
  const rates = new Map<string, number[]>(workloads.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, run: play } of ctx.random.shuffle(workloads)) {
      ctx.signal.throwIfAborted();
      rates.get(name)?.push(await play(roundMs));
    }
  }
  return rates;
}

function holdRatio(ctx: ScenarioContext, name: string, ratio: number, floor: number): void {
  ctx.figure(`${name} ÷ bare inserts`, Number(ratio.toFixed(2)), "×");
  ctx.hold(ratio >= floor, `${name} reach ${floor}× of bare inserts`, ratio.toFixed(2));
}
