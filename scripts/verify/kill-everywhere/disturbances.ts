import { setTimeout as sleep } from "node:timers/promises";
import { setCordon } from "@automna/records/nodes";
import type { ScenarioContext } from "../harness/scenario.ts";
import type { World } from "./world.ts";

// What everything else rests on, each killed and started again while agents are on their ways.

const AWAY_MS = 2_000;

export interface Disturbance {
  name: string;
  run: (ctx: ScenarioContext, world: World) => Promise<void>;
}

export const disturbances: readonly Disturbance[] = [
  {
    name: "Postgres",
    async run(ctx, { postgres }) {
      await postgres.kill();
      await sleep(AWAY_MS, undefined, { signal: ctx.signal });
      await postgres.start();
    },
  },
  {
    name: "the queue",
    async run(ctx, { redis }) {
      await redis.kill();
      await sleep(AWAY_MS, undefined, { signal: ctx.signal });
      await redis.start();
    },
  },
  {
    name: "nodekeeper",
    async run(ctx, { cell }) {
      const keeper = ctx.random.pick([...cell.keepers.values()]);
      await keeper.kill();
      await sleep(AWAY_MS, undefined, { signal: ctx.signal });
      await keeper.start();
    },
  },
  {
    name: "a Docker daemon",
    async run(ctx, world) {
      const { engine } = ctx.random.pick(world.cell.agentNodes);
      await engine.killDaemon();
      await sleep(AWAY_MS, undefined, { signal: ctx.signal });
      await engine.start();
    },
  },
];

/** Whatever ends on one node at once cordons it; operators who restarted its engine lift that. */
export async function liftCordons(world: World): Promise<number> {
  const cordoned = await world.db.admin.node.findMany({ where: { cordonedAt: { not: null } } });
  for (const { id } of cordoned)
    await world.db.api.$transaction((tx) => setCordon(tx, { nodeId: id, reason: null, now: new Date() }));
  return cordoned.length;
}
