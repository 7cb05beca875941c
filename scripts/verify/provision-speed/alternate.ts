import type { ScenarioContext } from "../harness/scenario.ts";
import { median, spread } from "../steps/statistics.ts";

export interface Sides {
  /** Each plays once and answers how long that took, ms. */
  product: () => Promise<number>;
  bare: () => Promise<number>;
}

/** What of the rounds is compared: their medians, or the best of each where other work disturbs them. */
export type Judged = "median" | "best";

export interface Rounds {
  /** What is measured, for the report. */
  name: string;
  rounds: number;
  judged: Judged;
}

/** Both in turns, in an order left to chance: the machine's moods meet both. Answers product ÷ bare engine. */
export async function alternate(
  ctx: ScenarioContext,
  { product, bare }: Sides,
  { name, rounds, judged }: Rounds,
): Promise<number> {
  const times: Record<"product" | "bare engine", number[]> = { product: [], "bare engine": [] };
  for (let round = 0; round < rounds; round += 1) {
    const turns = ctx.random.shuffle([
      { side: "product", play: product },
      { side: "bare engine", play: bare },
    ] as const);
    for (const { side, play } of turns) times[side].push(await play());
  }
  for (const [side, values] of Object.entries(times)) {
    ctx.figure(`${name}, ${side}, median of ${rounds}`, median(values), "ms");
    ctx.figure(`${name}, ${side}, best`, Math.round(Math.min(...values)), "ms");
    ctx.figure(`${name}, ${side}, spread`, spread(values), "%");
  }
  const { product: ours, "bare engine": floor } = times;
  const ratios = { median: median(ours) / median(floor), best: Math.min(...ours) / Math.min(...floor) };
  ctx.figure(`${name} ÷ bare engine, medians`, Number(ratios.median.toFixed(3)), "×");
  ctx.figure(`${name} ÷ bare engine, best`, Number(ratios.best.toFixed(3)), "×");
  return ratios[judged];
}
