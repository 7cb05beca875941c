import { setTimeout as sleep } from "node:timers/promises";
import { createPrismaClient } from "@automna/prisma/client";
import { makeSilentLog } from "@automna/service-kit/log";
import { parseKeyRing } from "@automna/service-kit/secret-box";
import { makeUntilNews } from "../../../provisioner/src/agents/boot-news.ts";
import { makeLookScheduler } from "../../../provisioner/src/agents/look-scheduler.ts";
import { makeReconcileAgent } from "../../../provisioner/src/agents/reconcile-agent.ts";
import { makeStartGate } from "../../../provisioner/src/agents/start-gate.ts";
import { stepExecutors } from "../../../provisioner/src/agents/step-executors.ts";
import { makeAgentSweep } from "../../../provisioner/src/sweeps/agents.ts";
import { makeOrphanSweep } from "../../../provisioner/src/sweeps/orphans.ts";
import { dockerAt, makeSwarmEngine } from "../../../provisioner/src/swarm/swarm-engine.ts";
import { startSwarmRuntime } from "../../../provisioner/src/swarm/swarm-runtime.ts";
import type { ScenarioContext } from "../harness/scenario.ts";
import { startCountingPassThrough } from "./counting-pass-through.ts";
import { CELL_ID, EGRESS_URL, type SpeedWorld } from "./world.ts";

export interface SweepFigures {
  tookMs: number;
  looks: number;
  /** What the engine was asked. */
  calls: string[];
}

/** As the provisioner has it (main.ts): looks at the same time. */
const CONCURRENCY = 8;
const LOOKS_LIMIT_MS = 60_000;

/** The product's own sweep over every agent and for orphans, put together as main.ts does, its calls counted on their way. */
export async function makeSweep(ctx: ScenarioContext, world: SpeedWorld): Promise<() => Promise<SweepFigures>> {
  const { cell, dockerUrl, agentd, keeper, image } = world;
  const log = makeSilentLog();
  const clock = Date.now;
  const passThrough = await startCountingPassThrough(dockerUrl);
  ctx.onCleanup("the counting pass-through", passThrough.close);
  const db = createPrismaClient(world.provisionerUrl, { max: 12 });
  ctx.onCleanup("the sweep's connections", () => db.$disconnect());
  const runtime = startSwarmRuntime({
    engine: makeSwarmEngine({ docker: dockerAt(passThrough.url), installId: cell.installId }),
    keeper,
    settings: { installId: cell.installId, network: cell.network, egressUrls: [EGRESS_URL], dns: [], logLevel: "info" },
    clock,
    log,
  });
  // Its watch would ask too, every two seconds and whatever a sweep does.
  await runtime.close();
  const lease = { db, holder: "sweep", ttlMs: 15_000, renewMs: 5_000 };
  const rings = { slots: parseKeyRing(world.rings.slots), ingress: parseKeyRing(world.rings.ingress) };
  const look = makeReconcileAgent({
    db,
    runtime,
    agentd,
    rings,
    models: { main: "claude-sonnet-4-5", utility: "claude-haiku-4-5" },
    cell: {
      cellId: CELL_ID,
      runtime: "swarm",
      backendType: "local",
      takesEveryTier: false,
      workingSetMb: 200,
      portRestMs: 60_000,
      bootCostS: 20,
      image,
    },
    executors: stepExecutors,
    startGate: makeStartGate({ capacity: null, clock }),
    lease,
    clock,
    log,
  });

  return async () => {
    let looks = 0;
    const scheduler = makeLookScheduler({
      untilNews: makeUntilNews(agentd),
      look: async (agentId, signal) => {
        const outcome = await look(agentId, signal);
        looks += 1;
        return outcome;
      },
      concurrency: CONCURRENCY,
      clock,
      log,
    });
    const known = await db.agent.count({ where: { phase: { not: "deleted" } } });
    passThrough.take();
    const startedAt = performance.now();
    // The first turn of a sweep looks at everybody.
    await makeAgentSweep({ db, looks: scheduler, clock, random: Math.random })();
    const orphans = makeOrphanSweep({ db, runtime, lease, cellId: CELL_ID, hint: scheduler.hint, clock, log });
    await orphans(ctx.signal);
    const isOver = () => looks >= known || performance.now() - startedAt > LOOKS_LIMIT_MS;
    while (!isOver()) await sleep(5, undefined, { signal: ctx.signal });
    const tookMs = performance.now() - startedAt;
    const calls = passThrough.take();
    await scheduler.close();
    return { tookMs, looks, calls };
  };
}
