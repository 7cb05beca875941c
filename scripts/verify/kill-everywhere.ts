import { join } from "node:path";
import { MINUTE_MS } from "@automna/core/shared/clock";
import { testImages } from "@automna/testkit/docker/images";
import { stepExecutors } from "../../provisioner/src/agents/step-executors.ts";
import type { Scenario, ScenarioContext } from "./harness/scenario.ts";
import { assertExactlyOne } from "./kill-everywhere/audit.ts";
import { openLedger } from "./kill-everywhere/ledger.ts";
import { assertKept, walk, type Life } from "./kill-everywhere/lives.ts";
import { startProvisioners } from "./kill-everywhere/provisioners.ts";
import type { KillPlan } from "./kill-everywhere/kill-plan.ts";
import { pathNames } from "./kill-everywhere/paths.ts";
import { runStorm } from "./kill-everywhere/storm.ts";
import { MISSING_IMAGE, startWorld, type World } from "./kill-everywhere/world.ts";

type Grain = KillPlan["grain"];

export const scenario: Scenario = {
  name: "kill-everywhere",
  title:
    "the provisioner is killed before, amid and after every step of every path on a real Swarm, and whatever it rests on is restarted: one of everything for each living agent, nothing lost",
  needsDocker: true,
  run,
};

// Waiting does nothing: there is nothing to be cut short.
const steps = Object.keys(stepExecutors).filter((step) => step !== "wait");
const LEAST_KILLS = 300;
const SAMPLE_KILLS = 10;
/** Each works on one agent at a time. */
const PROVISIONERS = 7;
/** Not even by what nobody has reached before. */
const UNHARMED = -1_000;
/** After the last kill everybody is where they were wished to be within this. */
const CONVERGE_LIMIT_MS = 180_000;

async function run(ctx: ScenarioContext): Promise<void> {
  const world = await startWorld(ctx, ctx.isQuick ? ["tinyAgent"] : ["tinyAgent", "agent"]);
  const all = await storm(ctx, world);
  if (!ctx.isQuick) all.push(...(await sample(ctx, world)));
  await settle(ctx, world, all);
}

/** Every step of every path, with the image that boots at once. In a short run every step, once. */
async function storm(ctx: ScenarioContext, world: World): Promise<Life[]> {
  const { lives, ledger, provisioners } = start(ctx, world, {
    image: "tinyAgent",
    grain: ctx.isQuick ? "step" : "path",
  });
  const leastKills = ctx.isQuick ? steps.length : LEAST_KILLS;
  const startedAt = Date.now();
  const all = await runStorm(lives, {
    agents: ctx.isQuick ? 5 : 16,
    leastKills,
    isEverywhere: () => ledger.missing(steps).length === 0,
    killsPerWalk: 6,
    limitMs: (ctx.isQuick ? 8 : 19) * MINUTE_MS,
    among: pathNames,
    isDisturbed: true,
  });
  const [kills, missing] = [ledger.deaths().length, ledger.missing(steps)];
  const points = [...ledger.points().values()].filter((count) => count > 0).length;
  ctx.figure("kills of the provisioner", kills, "");
  ctx.figure("points at which it was killed", points, "");
  ctx.figure("seconds of the storm", (Date.now() - startedAt) / 1_000, "s");
  ctx.hold(kills >= leastKills, `the provisioner was killed ${kills} times, of ${leastKills}`);
  const where = ctx.isQuick ? "on one side at least" : "on either side, and wherever a path has it";
  ctx.hold(missing.length === 0, `each of ${steps.length} steps was killed ${where}`, missing);
  const times = provisioners.startMs().toSorted((a, b) => a - b);
  ctx.figure("ms from a kill to the next provisioner, median", times[Math.floor(times.length / 2)] ?? 0, "ms");
  ctx.log(`ends besides the kills: ${JSON.stringify(provisioners.otherEnds())}`);
  await provisioners.stop();
  return all;
}

/** Some of it with the real gateway, whose boots take a minute of the machine each. */
async function sample(ctx: ScenarioContext, world: World): Promise<Life[]> {
  const { lives, ledger, provisioners } = start(ctx, world, { image: "agent", grain: "step" });
  const all = await runStorm(lives, {
    agents: 2,
    leastKills: SAMPLE_KILLS,
    isEverywhere: () => true,
    killsPerWalk: 6,
    limitMs: 6 * MINUTE_MS,
    among: ["deploy", "claim", "stop", "start", "doze", "wake", "resize", "move", "upgrade", "delete"],
    isDisturbed: false,
  });
  ctx.figure("kills with the real gateway", ledger.deaths().length, "");
  ctx.hold(ledger.deaths().length >= SAMPLE_KILLS, `the same with the real gateway, ${ledger.deaths().length} times`);
  await provisioners.stop();
  return all;
}

function start(ctx: ScenarioContext, world: World, { image, grain }: { image: "tinyAgent" | "agent"; grain: Grain }) {
  const { tag } = testImages[image];
  const ledger = openLedger(join(world.folder, `kills-of-${image}`), { grain, steps, random: ctx.random });
  const env = { ...world.env, PROVISIONER_AGENT_IMAGE: tag };
  const provisioners = startProvisioners(ctx, { count: PROVISIONERS, env, ledger, folder: world.folder });
  return { lives: { ctx, world, ledger, image: tag, badImage: MISSING_IMAGE }, ledger, provisioners };
}

/** Nobody is killed any more: some agents are deleted, the others are one each, with everything that was theirs. */
async function settle(ctx: ScenarioContext, world: World, all: readonly Life[]): Promise<void> {
  const endedAt = Date.now();
  const { lives } = start(ctx, world, { image: "tinyAgent", grain: "path" });
  const living = all.filter(({ state, isLost }) => state !== "none" && !isLost);
  await Promise.all(
    living.filter(({ state }) => state === "asleep").map((life) => walk(lives, life, "start", UNHARMED)),
  );
  await Promise.all(
    living.filter(({ state }) => state === "dozing").map((life) => walk(lives, life, "wake", UNHARMED)),
  );
  const [goes, stays] = [living.slice(0, 2), living.slice(2)];
  await Promise.all(goes.map((life) => walk(lives, life, "delete", UNHARMED)));
  await assertExactlyOne(ctx, world, CONVERGE_LIMIT_MS);
  const tookMs = Date.now() - endedAt;
  ctx.figure("seconds from the storm's end until all is as wished", tookMs / 1_000, "s");
  ctx.hold(tookMs < CONVERGE_LIMIT_MS, `everything has converged within ${CONVERGE_LIMIT_MS / 1_000} s`, tookMs);
  for (const life of stays) await assertKept(lives, life);
}
