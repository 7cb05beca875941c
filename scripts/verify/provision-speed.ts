import type { Scenario, ScenarioContext } from "./harness/scenario.ts";
import { makeBareEngine } from "./provision-speed/bare-engine.ts";
import { claimWarmSlots } from "./provision-speed/claim-warm.ts";
import { compareCreates } from "./provision-speed/compare-creates.ts";
import { deployMany } from "./provision-speed/deploy-many.ts";
import { makeDeploys } from "./provision-speed/deploys.ts";
import { makeSleepingAgents } from "./provision-speed/known-agents.ts";
import { makeSweep, type SweepFigures } from "./provision-speed/sweep-all.ts";
import { startSpeedWorld } from "./provision-speed/world.ts";

export const scenario: Scenario = {
  name: "provision-speed",
  title:
    "agents come up nearly as fast as the bare engine starts their services, one by one and fifty at once; a warm slot is an agent's within a second; a sweep asks the engine the same however many there are",
  needsDocker: true,
  run,
};

/** The figures. */
const exactly = {
  create: { rounds: 7, ceiling: 1.25, judged: "median" },
  warm: { claims: 20, limitMs: 1_000 },
  many: { count: 50, rounds: 3, floor: 0.8, judged: "median" },
  known: { few: 30, all: 300 },
} as const;
/** Of so few rounds, beside whatever else a machine does while it tests, only the best says something, and not more than this. */
const quickly = {
  create: { rounds: 3, ceiling: 2, judged: "best" },
  warm: { claims: 4, limitMs: 4_000 },
  many: { count: 6, rounds: 2, floor: 0.4, judged: "best" },
  known: { few: 6, all: 40 },
} as const;
const SWEEP_LIMIT_MS = 5_000;
/** Of an engine, for each node and besides; nothing of it for each agent. */
const CALLS_PER_NODE = 4;
const CALLS_BESIDES = 16;

async function run(ctx: ScenarioContext): Promise<void> {
  const wanted = ctx.isQuick ? quickly : exactly;
  const world = await startSpeedWorld(ctx, { warmPerNode: Math.ceil(wanted.warm.claims / 2) });
  const parts = { bare: makeBareEngine(ctx, world), deploys: makeDeploys(ctx, world) };
  await compareCreates(ctx, parts, wanted.create);
  await claimWarmSlots(ctx, { world, deploys: parts.deploys }, wanted.warm);
  await deployMany(ctx, parts, wanted.many);

  await world.provisioner.kill();
  const sweep = await makeSweep(ctx, world);
  await makeSleepingAgents(ctx, world, wanted.known.few);
  const few = await sweep();
  await makeSleepingAgents(ctx, world, wanted.known.all - wanted.known.few);
  const all = await sweep();
  report(ctx, few, wanted.known.few);
  report(ctx, all, wanted.known.all);
  ctx.hold(all.tookMs < SWEEP_LIMIT_MS, `a sweep over ${wanted.known.all} idle agents takes under 5 s`, all.tookMs);
  const limit = CALLS_BESIDES + CALLS_PER_NODE * world.cell.lab.nodes.length;
  ctx.hold(all.calls.length <= limit, `and asks the engine at most ${limit} times`, all.calls);
}

function report(ctx: ScenarioContext, { tookMs, looks, calls }: SweepFigures, known: number): void {
  ctx.hold(looks === known, `a sweep looks at each of ${known} agents once`, looks);
  ctx.figure(`sweep over ${known} idle agents`, Math.round(tookMs), "ms");
  ctx.figure(`engine calls of the sweep over ${known}`, calls.length, "");
}
