import { setTimeout as sleep } from "node:timers/promises";
import { liftCordons, type Disturbance } from "./disturbances.ts";
import type { Ledger } from "./ledger.ts";
import { newLife, walk, type Life, type Lives } from "./lives.ts";
import { paths, type PathName } from "./paths.ts";

export interface StormOptions {
  agents: number;
  /** It goes on until everything was killed everywhere, every part was away once, and so many processes were killed. */
  leastKills: number;
  isEverywhere: () => boolean;
  /** What it may cost one agent on one path. */
  killsPerWalk: number;
  limitMs: number;
  /** Ways that are gone; the rest are not. */
  among: readonly PathName[];
  /** What is killed and started again meanwhile, in this order. */
  disturbances: readonly Disturbance[];
}

/** Once so many points had their kills the next round begins: some are rarely come by. */
const ROUND_SHARE = 0.85;
const TELL_EVERY_MS = 10_000;
/** Who is on the way when time is over may be interrupted for so long: it may be what nobody else has come by. */
const LAST_WALKS_MS = 90_000;

/** Sends many agents along the paths side by side, wherever kills are still to come. Answers what became of them. */
export async function runStorm(lives: Lives, options: StormOptions): Promise<Life[]> {
  const { ctx, world, ledger } = lives;
  const { agents, leastKills, isEverywhere, killsPerWalk, limitMs, among } = options;
  const before = ledger.deaths().length;
  const kills = () => ledger.deaths().length - before;
  const walking = new Map<Life, PathName>();
  const deadline = Date.now() + limitMs;
  const waiting = [...options.disturbances];
  const isLate = () => Date.now() > deadline;

  const isShown = () => among.every(ledger.isWalked) && kills() >= leastKills && isEverywhere() && waiting.length === 0;
  const isEnough = () => {
    if (isLate() || isShown()) return true;
    const isShort = among.every(ledger.isWalked) && kills() < leastKills;
    if (isShort && ledger.coverage() >= ROUND_SHARE) ledger.setRounds(ledger.rounds() + 1);
    return false;
  };
  const choosePath = (life: Life): PathName => {
    const open = among.filter((name) => paths[name].from === life.state);
    const worth = (name: PathName) =>
      needOfWay(name, among, ledger) / (1 + [...walking.values()].filter((other) => other === name).length);
    const best = Math.max(...open.map(worth));
    return ctx.random.pick(best > 0 ? open.filter((name) => worth(name) === best) : open);
  };
  const live = async (life: Life) => {
    while (!isEnough() && !life.isLost) {
      const name = choosePath(life);
      walking.set(life, name);
      await walk(lives, life, name, killsPerWalk);
      walking.delete(life);
    }
  };
  const disturb = async () => {
    const all = waiting.length;
    while (waiting.length > 0 && !isLate()) {
      const due = ((all - waiting.length + 1) / (all + 1)) * leastKills;
      if (kills() < due) {
        await sleep(500, undefined, { signal: ctx.signal });
        continue;
      }
      const [next] = waiting;
      if (next === undefined) return;
      ctx.log(`${next.name} is killed and started again, after ${kills()} kills`);
      await next.run(ctx, world);
      waiting.shift();
      ctx.hold(true, `${next.name} was restarted while ${walking.size} agents were on their ways`);
    }
  };
  const all = Array.from({ length: agents }, (_, index) => newLife(index));
  const over = new AbortController();
  const done = Promise.all(all.map(live)).finally(() => over.abort());
  const tell = async () => {
    while (!over.signal.aborted) {
      const needs = among.map((name) => `${name} ${ledger.need(name)}`);
      ctx.log(`  ${kills()} kills, rounds ${ledger.rounds()}, ${needs.join(", ")}`);
      // Nothing is left to be shown: further kills would only keep who is still on the way.
      if (isShown() || Date.now() > deadline + LAST_WALKS_MS) ledger.spareAll();
      await liftCordons(world).catch(() => 0);
      await Promise.race([done, sleep(TELL_EVERY_MS, undefined, { signal: ctx.signal })]);
    }
  };
  await Promise.all([done, disturb(), tell()]);
  for (const { name } of waiting) ctx.hold(false, `${name} was restarted while agents were on their ways`);
  const unwalked = among.filter((name) => !ledger.isWalked(name));
  ctx.hold(unwalked.length === 0, `agents went all of ${among.length} ways`, unwalked);
  return all;
}

/** Kills that are to come on the path, and on those that it alone leads to: nobody wakes who has not dozed. */
export function needOfWay(name: PathName, among: readonly PathName[], { need }: Pick<Ledger, "need">): number {
  const { to } = paths[name];
  const onward = to === "ready" ? [] : among.filter((other) => paths[other].from === to);
  return [name, ...onward].reduce((sum, each) => sum + need(each), 0);
}
