import type { ScenarioContext } from "../harness/scenario.ts";
import type { AttackCase, AttackClass, ControlName, Lane } from "./attack-case.ts";
import { tryCase } from "./try-case.ts";

/** A control that does not fall within this time does not fall. */
const CONTROL_MS = 1_500;
/** Ours gets several times as long as the control took to fall, and never less than this. */
const OURS_TIMES = 4;
const OURS_MIN_MS = 150;

export interface Sides {
  ours: Lane[];
  control: (name: ControlName) => Promise<Lane[]>;
}

/** Tries every case of a class on both sides; each has to work on its control before it counts against ours. */
export async function runClass(ctx: ScenarioContext, { name, cases }: AttackClass, sides: Sides): Promise<number> {
  const waiting = cases.toReversed();
  const count = { control: 0, ours: 0 };
  const work = async (ours: Lane, index: number) => {
    for (let each = waiting.pop(); each !== undefined; each = waiting.pop()) {
      const control = (await sides.control(each.control))[index];
      if (control === undefined) throw new RangeError("fewer lanes than workers");
      await attack(ctx, { name, each, control, ours, count });
    }
  };
  await Promise.all(sides.ours.map(work));
  return reportClass(ctx, name, { cases: cases.length, ...count });
}

/** Writes a class into the report; answers how many of its cases are proven to be attacks. */
export function reportClass(
  ctx: ScenarioContext,
  name: string,
  count: { cases: number; control: number; ours: number },
): number {
  ctx.figure(`${name}: cases`, count.cases, "cases");
  ctx.figure(`${name}: succeed against the control`, count.control, "cases");
  ctx.figure(`${name}: succeed against ours`, count.ours, "cases");
  return count.control;
}

interface OneAttack {
  name: string;
  each: AttackCase;
  control: Lane;
  ours: Lane;
  count: { control: number; ours: number };
}

async function attack(ctx: ScenarioContext, { name, each, control, ours, count }: OneAttack): Promise<void> {
  let controlMs = 0;
  await ctx.attack({
    name: `${name}: ${each.name} (control: ${each.control})`,
    async unsafe() {
      const { hasSucceeded, tookMs, evidence } = await tryCase(each, control, CONTROL_MS);
      controlMs = tookMs;
      if (hasSucceeded) count.control += 1;
      else ctx.log(`    the control saw ${JSON.stringify(evidence).slice(0, 600)}`);
      return hasSucceeded;
    },
    async safe() {
      const { hasSucceeded, evidence } = await tryCase(each, ours, Math.max(OURS_MIN_MS, controlMs * OURS_TIMES));
      if (hasSucceeded) {
        count.ours += 1;
        ctx.log(`    ours let through ${JSON.stringify(evidence).slice(0, 600)}`);
      }
      return hasSucceeded;
    },
  });
}
