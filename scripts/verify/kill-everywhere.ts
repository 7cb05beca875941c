import { join } from "node:path";
import { MINUTE_MS } from "@automna/core/shared/clock";
import { testImages } from "@automna/testkit/docker/images";
import { stepExecutors } from "../../provisioner/src/agents/step-executors.ts";
import type { Scenario, ScenarioContext } from "./harness/scenario.ts";
import { assertExactlyOne } from "./kill-everywhere/audit.ts";
import { disturbances } from "./kill-everywhere/disturbances.ts";
import { openLedger, UNHARMED } from "./kill-everywhere/ledger.ts";
import { assertKept, walk, type Life, type Lives } from "./kill-everywhere/lives.ts";
import { startProvisioners } from "./kill-everywhere/provisioners.ts";
import type { KillPlan } from "./kill-everywhere/kill-plan.ts";
import { pathNames, samplePaths, type AgentState, type PathName } from "./kill-everywhere/paths.ts";
import { runStorm } from "./kill-everywhere/storm.ts";
import { MISSING_IMAGE, startWorld, type World } from "./kill-everywhere/world.ts";

export const scenario: Scenario = {
  name: "kill-everywhere",
  title:
    "the provisioner is killed before, amid and after every step of every path on a real Swarm, and whatever it rests on is restarted: one of everything for each living agent, nothing lost",
  needsDocker: true,
  run,
};

const steps = Object.keys(stepExecutors);
const LEAST_KILLS = 300;
/** A short run goes a few ways, and has a few parts restarted: which, the seed says. */
const QUICK = { ways: 3, restarts: 2, kills: 10, steps: 10 };
const SAMPLE_KILLS = 10;
/** The real gateway has the time that the storm leaves: by then, and what is counted after it, a run has 25 minutes. */
const SAMPLED_BY_MS = 20 * MINUTE_MS;
/** So many agents live when all is counted, besides those that are deleted just before. */
const [LEAST_LIVING, GOING] = [4, 2];
/** After the last kill everybody is where they were wished to be within this. */
const CONVERGE_LIMIT_MS = 180_000;

interface Storm {
  lives: Lives;
  all: Life[];
  stop: () => Promise<void>;
}

async function run(ctx: ScenarioContext): Promise<void> {
  const startedAt = Date.now();
  const world = await startWorld(ctx, ctx.isQuick ? ["tinyAgent"] : ["tinyAgent", "agent"]);
  const storm = ctx.isQuick ? await stormSample(ctx, world) : await stormEverywhere(ctx, world);
  if (ctx.isQuick) return settle(ctx, storm);
  await storm.stop();
  const real = await stormReal(ctx, world, Math.max(5 * MINUTE_MS, startedAt + SAMPLED_BY_MS - Date.now()));
  await settle(ctx, { ...real, all: [...storm.all, ...real.all] });
}

/** Every step of every path, with the image that boots at once. */
async function stormEverywhere(ctx: ScenarioContext, world: World): Promise<Storm> {
  const parts = start(ctx, world, { image: "tinyAgent", grain: "path", provisioners: 7 });
  const { lives, ledger } = parts;
  const all = await runStorm(lives, {
    agents: 12,
    leastKills: LEAST_KILLS,
    isEverywhere: () => ledger.missing(steps).length === 0,
    killsPerWalk: 6,
    limitMs: 16 * MINUTE_MS,
    among: pathNames,
    disturbances: ctx.random.shuffle(disturbances),
  });
  tell(ctx, parts, { leastKills: LEAST_KILLS, leastSteps: steps.length });
  return { lives, all, stop: parts.provisioners.stop };
}

/** Some ways, with each step that they have killed once. */
async function stormSample(ctx: ScenarioContext, world: World): Promise<Storm> {
  const parts = start(ctx, world, { image: "tinyAgent", grain: "step", provisioners: 4 });
  const { lives, ledger } = parts;
  const among = samplePaths(ctx.random, QUICK.ways);
  ctx.log(`  the ways: ${among.join(", ")}`);
  const all = await runStorm(lives, {
    agents: 5,
    leastKills: QUICK.kills,
    isEverywhere: () => ledger.missing(steps).length === 0,
    killsPerWalk: 6,
    limitMs: 6 * MINUTE_MS,
    among,
    disturbances: ctx.random.shuffle(disturbances).slice(0, QUICK.restarts),
  });
  tell(ctx, parts, { leastKills: QUICK.kills, leastSteps: QUICK.steps });
  return { lives, all, stop: parts.provisioners.stop };
}

/** Some of it with the real gateway, whose boots take a minute of the machine each. */
async function stormReal(ctx: ScenarioContext, world: World, limitMs: number): Promise<Storm> {
  const { lives, ledger, provisioners } = start(ctx, world, { image: "agent", grain: "step", provisioners: 4 });
  const all = await runStorm(lives, {
    agents: 3,
    leastKills: SAMPLE_KILLS,
    isEverywhere: () => true,
    killsPerWalk: 6,
    limitMs,
    among: ["deploy", "stop", "start", "doze", "wake", "move", "upgrade", "delete"],
    disturbances: [],
  });
  const kills = ledger.deaths().length;
  ctx.figure("kills with the real gateway", kills, "");
  ctx.hold(kills >= SAMPLE_KILLS, `the same with the real gateway, ${kills} times`);
  return { lives, all, stop: provisioners.stop };
}

interface StormParts {
  image: "tinyAgent" | "agent";
  grain: KillPlan["grain"];
  /** Each works on one agent at a time. */
  provisioners: number;
}

function start(ctx: ScenarioContext, world: World, { image, grain, provisioners: count }: StormParts) {
  const { tag } = testImages[image];
  const ledger = openLedger(join(world.folder, `kills-of-${image}`), { grain, steps, random: ctx.random });
  const env = { ...world.env, PROVISIONER_AGENT_IMAGE: tag };
  const provisioners = startProvisioners(ctx, { count, env, ledger, folder: world.folder });
  return { lives: { ctx, world, ledger, image: tag, badImage: MISSING_IMAGE }, ledger, provisioners };
}

/** What the storm did: of each step of the table how often it was killed, in a short run some never. */
function tell(
  ctx: ScenarioContext,
  { ledger, provisioners }: Pick<ReturnType<typeof start>, "ledger" | "provisioners">,
  { leastKills, leastSteps }: { leastKills: number; leastSteps: number },
): void {
  const deaths = ledger.deaths();
  for (const step of steps) ctx.figure(`kills at ${step}`, deaths.filter((death) => death.step === step).length, "");
  const points = [...ledger.points().values()].filter((count) => count > 0).length;
  ctx.figure("kills of the provisioner", deaths.length, "");
  ctx.figure("points at which it was killed", points, "");
  ctx.hold(deaths.length >= leastKills, `the provisioner was killed ${deaths.length} times, of ${leastKills}`);
  const killed = new Set(deaths.map(({ step }) => step)).size;
  const missing = ledger.missing(steps);
  const where = ctx.isQuick
    ? "on one side, all that the ways have"
    : "before and after, and at each point of each path";
  const isKilled = missing.length === 0 && killed >= leastSteps;
  ctx.hold(isKilled, `${killed} of the table's ${steps.length} steps were killed ${where}`, missing);
  const times = provisioners.startMs().toSorted((a, b) => a - b);
  ctx.figure("ms from a kill to the next provisioner, median", times[Math.floor(times.length / 2)] ?? 0, "ms");
  ctx.log(`ends besides the kills: ${JSON.stringify(provisioners.otherEnds())}`);
}

/** Nobody is killed any more: some agents are deleted, the others are one each, with everything that was theirs. */
async function settle(ctx: ScenarioContext, { lives, all }: Omit<Storm, "stop">): Promise<void> {
  const endedAt = Date.now();
  const living = all.filter(({ state, isLost }) => state !== "none" && !isLost);
  const wakeAll = (state: AgentState, by: PathName) =>
    Promise.all(living.filter((life) => life.state === state).map((life) => walk(lives, life, by, UNHARMED)));
  await Promise.all([wakeAll("asleep", "start"), wakeAll("dozing", "wake")]);
  const missing = Math.max(0, LEAST_LIVING - living.length);
  const fresh = all.filter(({ state, isLost }) => state === "none" && !isLost).slice(0, missing);
  await Promise.all(fresh.map((life) => walk(lives, life, "deploy", UNHARMED)));
  living.push(...fresh);
  const [goes, stays] = [living.slice(0, GOING), living.slice(GOING)];
  await Promise.all(goes.map((life) => walk(lives, life, "delete", UNHARMED)));
  await assertExactlyOne(ctx, lives.world, CONVERGE_LIMIT_MS);
  const tookMs = Date.now() - endedAt;
  ctx.figure("seconds from the storm's end until all is as wished", tookMs / 1_000, "s");
  ctx.hold(tookMs < CONVERGE_LIMIT_MS, `everything has converged within ${CONVERGE_LIMIT_MS / 1_000} s`, tookMs);
  for (const life of stays) await assertKept(lives, life);
}
