import { startTestPostgres } from "@automna/testkit/postgres";
import { makeRandom, type Random } from "./harness/random.ts";
import type { Scenario, ScenarioContext } from "./harness/scenario.ts";
import { playFixedLife, playHistory, type HistoryReport } from "./money-chaos/play-history.ts";
import { controls, type Control } from "./money-chaos/sabotages.ts";
import { makeTally, type Tally } from "./money-chaos/tally.ts";
import { openMoneyWorld, type MoneyWorld, type Sabotage } from "./money-chaos/world.ts";

export const scenario: Scenario = {
  name: "money-chaos",
  title:
    "whatever comes twice, late, out of order or never, whoever dies between two writes: no credit and no charge is lost or double",
  run,
};

/** The issue's floor is 2,000. */
const FULL_HISTORIES = 2_000;
const QUICK_HISTORIES = 50;
/** Histories of one database: its books are proven after each, which takes longer the more it holds. */
const PER_WORLD = 25;
const LANES = 3;
/** Every so many writes of the fixed life one is died at. */
const QUICK_STRIDE = 24;
const CONTROL_HISTORIES = 40;

async function run(ctx: ScenarioContext): Promise<void> {
  const postgres = await startTestPostgres();
  ctx.onCleanup("stop Postgres", () => postgres.stop());
  const open = (sabotage?: Sabotage) => openMoneyWorld(postgres.adminUrl, sabotage);
  await holdAppendOnly(ctx, open);
  for (const control of controls) await noticeSabotage(ctx, control, open);

  const tally = makeTally();
  const started = Date.now();
  await dieAtEveryWrite(ctx, tally, open);
  const wanted = ctx.isQuick ? QUICK_HISTORIES : FULL_HISTORIES;
  const seeds = Array.from({ length: Math.max(0, wanted - tally.histories()) }, () => ctx.random.integer(1, 2 ** 31));
  await playAll(ctx, tally, { open, plays: seeds.map((seed, index) => chance(seed, index % 4 === 3)) });
  for (const [name, value] of tally.figures()) ctx.figure(name, value, "");
  ctx.figure("seconds of histories", (Date.now() - started) / 1_000, "s");
  const violations = tally.violations();
  ctx.figure("violations", violations.length, "");
  ctx.hold(tally.histories() >= wanted, `${wanted} histories were played`, tally.histories());
  ctx.hold(violations.length === 0, "no violation in any of them", violations.slice(0, 3));
  ctx.hold(tally.repairsWithoutLoss() === 0, "reconciliation had nothing to repair where no event was lost");
}

type Play = { name: string; play: (world: MoneyWorld) => Promise<HistoryReport> };

function chance(seed: number, canLose: boolean): Play {
  return { name: `seed ${seed}`, play: (world) => playHistory(world, makeRandom(seed), { canLose }) };
}

/** A fixed life once for each of its writes, dying there: before it, or when it has arrived and its answer has not. */
async function dieAtEveryWrite(ctx: ScenarioContext, tally: Tally, open: () => Promise<MoneyWorld>): Promise<void> {
  const seed = ctx.random.integer(1, 2 ** 31);
  const fixed = (crash: Parameters<typeof playFixedLife>[2]): Play => ({
    name: `fixed life, seed ${seed}, ${crash === null ? "no crash" : `${crash.when} write ${crash.write}`}`,
    play: (world) => playFixedLife(world, makeRandom(seed), crash),
  });
  const whole = makeTally();
  await playAll(ctx, whole, { open, plays: [fixed(null)] });
  const writes = whole.mostWrites();
  ctx.must(whole.violations().length === 0, "the fixed life holds without a crash", whole.violations());
  const stride = ctx.isQuick ? QUICK_STRIDE : 1;
  const points = Array.from({ length: Math.ceil(writes / stride) }, (_, index) => 1 + index * stride);
  const plays = points.flatMap((write) => [fixed({ write, when: "before" }), fixed({ write, when: "after" })]);
  await playAll(ctx, tally, { open, plays });
  ctx.figure("writes of the fixed life", writes, "");
  ctx.hold(tally.crashes() >= plays.length * 0.8, "the fixed life was died in at its writes", tally.crashes());
}

async function playAll(
  ctx: ScenarioContext,
  tally: Tally,
  { open, plays }: { open: () => Promise<MoneyWorld>; plays: readonly Play[] },
): Promise<void> {
  const batches = Array.from({ length: Math.ceil(plays.length / PER_WORLD) }, (_, index) =>
    plays.slice(index * PER_WORLD, (index + 1) * PER_WORLD),
  );
  const lane = async () => {
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
      const world = await open();
      try {
        for (const { name, play } of batch) {
          ctx.signal.throwIfAborted();
          for (const violation of tally.add(name, await play(world))) ctx.log(`✗ ${violation}`);
        }
      } finally {
        await world.close();
      }
      if (tally.histories() % 100 < PER_WORLD)
        ctx.log(`${tally.histories()} histories, ${tally.violations().length} violations`);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

const usual = (world: MoneyWorld, random: Random) => playHistory(world, random, { canLose: false });

/** Mutated code has to be noticed by the same checks, in histories of the same kind. */
async function noticeSabotage(
  ctx: ScenarioContext,
  { name, sabotage, sign, play = usual }: Control,
  open: (sabotage: Sabotage) => Promise<MoneyWorld>,
): Promise<void> {
  const world = await open(sabotage);
  let noticed: string | undefined;
  let played = 0;
  try {
    while (noticed === undefined && played < CONTROL_HISTORIES) {
      ctx.signal.throwIfAborted();
      played += 1;
      const { violations } = await play(world, makeRandom(ctx.random.integer(1, 2 ** 31)));
      noticed = violations.find((violation) => sign.test(violation));
    }
  } finally {
    await world.close();
  }
  ctx.must(noticed !== undefined, `control: ${name}: noticed after ${played} histories`, noticed ?? "never");
}

/** No role may change an entry, and the trigger refuses even the tables' owner. */
async function holdAppendOnly(ctx: ScenarioContext, open: () => Promise<MoneyWorld>): Promise<void> {
  const world = await open();
  try {
    await playHistory(world, makeRandom(ctx.random.integer(1, 2 ** 31)), { canLose: false });
    const { rows } = await world.owner.query("SELECT FROM credit_entries");
    ctx.must(rows.length > 0, "there are entries that could be changed", rows.length);
    const statements = [
      "UPDATE credit_entries SET credits = 1",
      "DELETE FROM credit_entries",
      "TRUNCATE credit_entries",
    ];
    for (const statement of statements) {
      const isRefused = async (pool: MoneyWorld["owner"]) =>
        pool.query(statement).then(
          () => false,
          () => true,
        );
      const refused = await Promise.all([world.mortal.pool, world.egress, world.owner].map(isRefused));
      ctx.hold(refused.every(Boolean), `refused to the api, to egress and to the owner: ${statement}`, refused);
    }
  } finally {
    await world.close();
  }
}
