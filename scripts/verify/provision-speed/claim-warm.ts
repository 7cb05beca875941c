import { setWarmPause } from "@automna/records/warm-slots";
import type { ScenarioContext } from "../harness/scenario.ts";
import { median, percentile, spread } from "../steps/statistics.ts";
import type { Deploys } from "./deploys.ts";
import { CELL_ID, type SpeedWorld } from "./world.ts";

/** Deploys that each find a slot ready, one after the other; nothing is made beside them. */
export async function claimWarmSlots(
  ctx: ScenarioContext,
  { world, deploys }: { world: SpeedWorld; deploys: Deploys },
  { claims, limitMs }: { claims: number; limitMs: number },
): Promise<void> {
  const { db } = world;
  const pause = (pausedAt: Date | null) => db.$transaction((tx) => setWarmPause(tx, { cellId: CELL_ID, pausedAt }));
  const isReady = { releasedAt: null, warmState: "ready" };
  const filledFrom = Date.now();
  await pause(null);
  await ctx.eventually(
    `${claims} warm slots are ready`,
    async () => ((await db.slot.count({ where: isReady })) >= claims ? true : null),
    { timeoutMs: 600_000, everyMs: 250 },
  );
  ctx.figure(`seconds to ${claims} warm slots`, (Date.now() - filledFrom) / 1_000, "s");
  await pause(new Date());

  const warm = new Set((await db.slot.findMany({ where: isReady, select: { id: true } })).map(({ id }) => id));
  const times: number[] = [];
  const agentIds: string[] = [];
  for (let claim = 0; claim < claims; claim += 1) {
    const userId = await deploys.makeUser();
    const startedAt = performance.now();
    const agentId = await deploys.deploy(userId);
    const [readyMs] = await deploys.untilReady([agentId], startedAt);
    ctx.must(readyMs !== null && readyMs !== undefined, "an agent with a warm slot gets ready");
    times.push(readyMs);
    agentIds.push(agentId);
  }
  const slots = (await db.agent.findMany({ where: { id: { in: agentIds } }, select: { slotId: true } })).map(
    ({ slotId }) => slotId,
  );
  ctx.hold(
    slots.every((slotId) => slotId !== null && warm.has(slotId)),
    "each of them was given a slot that was ready before",
  );
  ctx.hold(new Set(slots).size === claims, "and no slot was given to two");
  ctx.figure("warm claim to ready, median", median(times), "ms");
  ctx.figure("warm claim to ready, spread", spread(times), "%");
  const p95 = percentile(times, 0.95);
  ctx.figure(`warm claim to ready, p95 of ${claims}`, p95, "ms");
  ctx.hold(p95 <= limitMs, `a warm claim is ready within ${limitMs} ms (p95)`, times.map(Math.round));
  await deploys.remove(agentIds);
}
