import type { ScenarioContext } from "../harness/scenario.ts";
import type { AttackClass } from "./attack-case.ts";
import { SLOW_MS } from "./classes/limits.ts";
import { startSide } from "./sides.ts";
import { reportClass } from "./run-class.ts";
import { tryCase } from "./try-case.ts";

/** As runClass for attacks that take their time: all at once, on proxies of their own. Never rejects before the end. */
export async function runSlowClass(ctx: ScenarioContext, { name, cases }: AttackClass): Promise<number> {
  const [ours, control] = await Promise.all([
    startSide(ctx, null, cases.length),
    startSide(ctx, "http-proxy, lenient", cases.length),
  ]);
  const tries = cases.map(async (each, index) => {
    const sides = [control[index], ours[index]];
    const [unsafe, safe] = await Promise.all(
      sides.map(async (lane) => lane !== undefined && (await tryCase(each, lane, SLOW_MS, "at the end")).hasSucceeded),
    );
    return { each, unsafe: unsafe === true, safe: safe === true };
  });
  const results = await Promise.all(tries);
  for (const { each, unsafe, safe } of results)
    await ctx.attack({ name: `${name}: ${each.name}`, unsafe: async () => unsafe, safe: async () => safe });
  const count = (isSo: (result: (typeof results)[number]) => boolean) => results.filter(isSo).length;
  return reportClass(ctx, name, {
    cases: cases.length,
    control: count(({ unsafe }) => unsafe),
    ours: count(({ safe }) => safe),
  });
}
