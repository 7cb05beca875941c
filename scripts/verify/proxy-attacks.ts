import type { Scenario, ScenarioContext } from "./harness/scenario.ts";
import type { AttackClass, ControlName, Lane } from "./proxy-attacks/attack-case.ts";
import { holdAnswerEnds } from "./proxy-attacks/answer-ends.ts";
import { browserClasses } from "./proxy-attacks/classes/browser.ts";
import { framingClasses } from "./proxy-attacks/classes/framing.ts";
import { headerClasses } from "./proxy-attacks/classes/headers.ts";
import { limitClasses, slowClass } from "./proxy-attacks/classes/limits.ts";
import { methodClasses } from "./proxy-attacks/classes/methods.ts";
import { pathClasses } from "./proxy-attacks/classes/paths.ts";
import { responseClasses } from "./proxy-attacks/classes/responses.ts";
import { upgradeClasses } from "./proxy-attacks/classes/upgrades.ts";
import { holdServing } from "./proxy-attacks/hold-serving.ts";
import { runClass, type Sides } from "./proxy-attacks/run-class.ts";
import { runSlowClass } from "./proxy-attacks/run-slow-class.ts";
import { startSide } from "./proxy-attacks/sides.ts";

/** Cases that run at the same time, each with customers of its own. */
const LANES = 12;
/** What the product promises (issue: the proxy). */
const CLASSES_MIN = 15;
const CASES_MIN = 150;

export const scenario: Scenario = {
  name: "proxy-attacks",
  title:
    "attacks on the proxy by raw socket, class by class: each works on an unsafe proxy in the same run, and none on ours",
  run,
};

async function run(ctx: ScenarioContext): Promise<void> {
  const sides = await openSides(ctx);
  await holdServing(ctx, sides.ours, "before the attacks");
  const slow = slowClass();
  const slowDone = runSlowClass(ctx, slow);
  const classes: AttackClass[] = [
    ...framingClasses(),
    ...pathClasses(),
    ...headerClasses(),
    ...limitClasses(),
    ...upgradeClasses(),
    ...browserClasses(),
    ...responseClasses(),
    ...methodClasses(),
  ];
  let proven = 0;
  for (const each of classes) proven += await runClass(ctx, each, sides);
  await holdAnswerEnds(ctx, sides.ours);
  await holdServing(ctx, sides.ours, "after the attacks");
  proven += await slowDone;
  ctx.figure("classes", classes.length + 1, "classes");
  ctx.figure("attacks that work on their control", proven, "attacks");
  ctx.hold(
    classes.length + 1 >= CLASSES_MIN && proven >= CASES_MIN,
    "enough attacks of enough kinds were seen to work",
  );
}

/** The proxies of the run, each started when it is first needed. */
async function openSides(ctx: ScenarioContext): Promise<Sides> {
  const controls = new Map<ControlName, Promise<Lane[]>>();
  return {
    ours: await startSide(ctx, null, LANES),
    control(name) {
      const known = controls.get(name) ?? startSide(ctx, name, LANES);
      controls.set(name, known);
      return known;
    },
  };
}
