import type { ScenarioContext } from "../../harness/scenario.ts";

/** One try to get through a wall, the same code with its one guard off and on. */
export interface WallAttempt {
  name: string;
  /** What stops it, and is off the first time. */
  guard: string;
  withoutGuard: () => Promise<string>;
  /** Rejects when the attempt could not even be made: that would prove nothing. */
  withGuard: () => Promise<string>;
  /** Whether what came back can come from the far end alone. */
  proves: (said: string) => boolean;
}

/** Makes every attempt twice, one after the other. One that could not be made at all fails the scenario, which goes on. */
export async function makeAttempts(ctx: ScenarioContext, attempts: readonly WallAttempt[]): Promise<void> {
  for (const { name, guard, withoutGuard, withGuard, proves } of attempts) {
    const tryOnce = async (attempt: () => Promise<string>, isWanted: boolean) => {
      const said = await attempt();
      const works = proves(said);
      if (works !== isWanted) ctx.log(`    it said: ${JSON.stringify(said.slice(0, 300))}`);
      return works;
    };
    const attack = {
      name: `${name} [${guard}]`,
      unsafe: () => tryOnce(withoutGuard, true),
      safe: () => tryOnce(withGuard, false),
    };
    await ctx.attack(attack).catch((error: unknown) => {
      ctx.signal.throwIfAborted();
      ctx.hold(false, `${attack.name}: could be made`, error);
    });
  }
}

/** In a shorter run one of each guard, by chance. */
export function sample<Item extends { guard: string }>(ctx: ScenarioContext, items: readonly Item[]): readonly Item[] {
  if (!ctx.isQuick) return items;
  return [...new Map(ctx.random.shuffle(items).map((item) => [item.guard, item])).values()];
}
