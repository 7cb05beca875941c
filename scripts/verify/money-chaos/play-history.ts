import { DAY_MS, HOUR_MS } from "@automna/core/shared/clock";
import type { BillingDifference } from "@automna/contract/billing";
import { reconcileBilling } from "../../../api/src/billing/reconcile-billing.ts";
import type { Random } from "../harness/random.ts";
import { findLedgerViolations, findSettledViolations, noteEntries } from "./find-violations.ts";
import { buy, changePlan, moves, type MoveName } from "./moves.ts";
import { comeBack, makePlayer, type Player } from "./player.ts";
import type { MailCounts, MailFaults } from "./post-office.ts";
import { forgetCustomers, type MoneyWorld } from "./world.ts";

export interface HistoryReport {
  violations: string[];
  log: string[];
  crashes: number;
  moves: number;
  mail: MailCounts;
  /** What reconciliation repaired. */
  repairs: number;
  /** Writes of the api's process. */
  writes: number;
}

const CRASH_CHANCE = 0.35;
/** A move writes some dozens of rows at most. */
const CRASH_WITHIN_WRITES = 30;
const SETTLING_ROUNDS = 40;

/** Every move once for being chosen, the everyday ones more often. */
const weighted: readonly MoveName[] = [
  ...(Object.keys(moves) as MoveName[]),
  ...(["buyPacks", "usage", "usageBesideInbox", "inbox", "inbox", "mail", "mail", "hours", "changePlan"] as const),
];

/** Plays a history of chance: moves, crashes and mail faults. Events are lost only where `canLose`. */
export async function playHistory(
  world: MoneyWorld,
  random: Random,
  { canLose }: { canLose: boolean },
): Promise<HistoryReport> {
  const faults: MailFaults = {
    duplicate: random.pick([0, 0.3, 0.8]),
    hold: random.pick([0, 0.4, 0.8]),
    lose: canLose ? random.pick([0.1, 0.5, 1]) : 0,
  };
  return play(world, random, faults, async (player) => {
    await moves.buy(player);
    for (let left = random.integer(5, 10); left > 0; left -= 1) {
      if (random.number() < CRASH_CHANCE)
        world.mortal.arm(random.integer(1, CRASH_WITHIN_WRITES), random.pick(["before", "after"]));
      await moves[random.pick(weighted)](player);
      await watchLedger(player);
      if (left === 3) await world.sabotage.forge?.(world.owner, player.userId);
    }
  });
}

/** The same life each time, with everything in it, and the process dying at one write of it: none when `write` is null. */
export async function playFixedLife(
  world: MoneyWorld,
  random: Random,
  crash: { write: number; when: "before" | "after" } | null,
): Promise<HistoryReport> {
  return play(world, random, { duplicate: 0.3, hold: 0, lose: 0 }, async (player) => {
    const step = async (act: () => Promise<unknown>) => {
      await act();
      await player.post.deliverSome();
      await comeBack(player);
      await moves.inbox(player);
    };
    if (crash !== null) world.mortal.arm(crash.write, crash.when);
    await step(() => buy(player, "starter"));
    await step(() => moves.allowOverage(player));
    world.pass(5 * HOUR_MS);
    await step(() => changePlan(player, "business"));
    await step(() => moves.buyPacks(player));
    await step(() => moves.usage(player));
    await step(() => moves.report(player));
    await step(() => moves.refund(player));
    await step(() => changePlan(player, "pro"));
    await step(() => moves.month(player));
    await step(() => moves.sweep(player));
  });
}

/** A customer who goes into overage, and a process that dies between the report of a block and the note that it was made. */
export async function playOverageLife(world: MoneyWorld, random: Random): Promise<HistoryReport> {
  return play(world, random, { duplicate: 0, hold: 0, lose: 0 }, async (player) => {
    await buy(player, "starter");
    await player.post.deliverAll();
    await moves.inbox(player);
    await moves.allowOverage(player);
    for (let round = 0; round < 6; round += 1) await moves.usage(player);
    world.mortal.arm(2, "before");
    await moves.report(player);
  });
}

/** Old news that comes after newer news was handled: of a plan that was owed, paid and then ended. */
export async function playStaleNews(world: MoneyWorld, random: Random): Promise<HistoryReport> {
  return play(world, random, { duplicate: 0.3, hold: 0.7, lose: 0 }, async (player) => {
    await buy(player, "pro");
    await player.post.deliverAll();
    await moves.inbox(player);
    await moves.badCard(player);
    world.pass(32 * DAY_MS);
    await moves.goodCard(player);
    for (const { id } of world.fake.state.subscriptions.values()) await world.stripe.subscriptions.cancel(id);
    for (let round = 0; round < 6; round += 1) {
      await moves.mail(player);
      await moves.inbox(player);
    }
  });
}

/** Looks at every entry after every move: what is edited is noticed, also when it is put right again. */
async function watchLedger(player: Player): Promise<void> {
  const edited = await noteEntries(player);
  if (edited !== null) player.violations.push(edited);
}

async function play(
  world: MoneyWorld,
  random: Random,
  faults: MailFaults,
  act: (player: Player) => Promise<void>,
): Promise<HistoryReport> {
  forgetCustomers(world);
  const player = await makePlayer(world, random, faults);
  const writesBefore = world.mortal.writes();
  await act(player);
  await watchLedger(player);
  await settle(player);
  const isWhole = player.post.counts.lost === 0;
  // Before any reconciliation: what it would repair must not be needed.
  const { violations } = player;
  violations.push(...(isWhole ? await findSettledViolations(player) : await findLedgerViolations(player)));
  const repairs = await reconcile(player);
  if (isWhole && repairs.length > 0) violations.push(`no event was lost, and yet: ${JSON.stringify(repairs)}`);
  if (!isWhole) {
    await settle(player);
    violations.push(...(await findSettledViolations(player)));
    const again = await reconcile(player);
    if (again.length > 0) violations.push(`reconciled, and yet: ${JSON.stringify(again)}`);
  }
  return {
    violations,
    log: player.log,
    crashes: player.crashes,
    moves: player.log.length,
    mail: player.post.counts,
    repairs: repairs.length,
    writes: world.mortal.writes() - writesBefore,
  };
}

/** What a reconciliation found wrong. Overage of who has no plan any more waits for one, and is listed each night until then. */
async function reconcile({ world, userId }: Player): Promise<BillingDifference[]> {
  const found = await reconcileBilling(world.deps);
  return found.filter(({ kind, id, isRepaired }) => kind !== "overage" || (isRepaired && id === userId));
}

/** Until everything that was sent has had its effect: nobody dies any more, and time goes on as far as retries need it. */
async function settle(player: Player): Promise<void> {
  const { world, post } = player;
  await world.mortal.restart();
  for (let round = 0; round < SETTLING_ROUNDS; round += 1) {
    await post.deliverAll();
    await world.api.inbox.runOnce();
    await moves.report(player);
    await moves.sweep(player);
    const { rows } = await world.owner.query("SELECT FROM inbox_events WHERE state = 'waiting' LIMIT 1");
    if (rows.length === 0 && post.isEmpty()) return;
    if (rows.length > 0) world.pass(HOUR_MS);
  }
  throw new Error("a history did not settle");
}
