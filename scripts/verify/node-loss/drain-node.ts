import type { ScenarioContext } from "../harness/scenario.ts";
import { assertWhole, READY_MS, type Placed } from "./placed.ts";
import { watchDoubles } from "./watch.ts";
import { nodeOf, type World } from "../steps/cell-world.ts";

/** Everything of a node moves away, through the nodekeepers, with its data. */
export async function drainNode(
  ctx: ScenarioContext,
  world: World,
  { agents, nodeId }: { agents: readonly Placed[]; nodeId: string },
): Promise<void> {
  const { db, cell } = world;
  const before = new Map(
    await Promise.all(agents.map(async ({ agentId }) => [agentId, await world.slot(agentId)] as const)),
  );
  const leaving = agents.filter(({ agentId }) => before.get(agentId)?.nodeId === nodeId);
  const doubles = watchDoubles(
    world,
    [...before.values()].map(({ id }) => id),
  );
  const drainedAt = Date.now();
  await world.act({ type: "drain_node", nodeId, concurrency: 2 });
  const { total } = await db.nodeDrain.findFirstOrThrow({ where: { nodeId } });
  ctx.must(total > 0 && total === leaving.length, "the drain counts the node's agents", { total, leaving });
  const isDone = async () => ((await db.nodeDrain.findFirst({ where: { nodeId, state: "done" } })) ? true : null);
  await ctx.eventually("the drain of another node completes", isDone, { timeoutMs: 2 * READY_MS });
  ctx.figure("drain, for each agent", (Date.now() - drainedAt) / total, "ms");
  const node = await db.node.findUniqueOrThrow({ where: { id: nodeId } });
  ctx.hold(node.cordonedAt !== null && node.drainingSince === null, "the drained node takes nothing new");
  for (const placed of agents) {
    const slot = await world.slot(placed.agentId);
    ctx.hold(slot.nodeId !== nodeId, "an agent is not on the drained node");
    const isSame = slot.id === before.get(placed.agentId)?.id;
    ctx.hold(isSame !== leaving.includes(placed), "… it is where it was, unless it had to leave");
    await assertWhole(ctx, world, placed);
  }
  const running = await nodeOf(cell, nodeId).engine.docker.listContainers();
  ctx.hold(running.length === 0, "nothing runs on the drained node", running.length);
  for (const { agentId } of leaving) {
    const old = await db.slot.findUnique({ where: { id: before.get(agentId)?.id ?? "" } });
    ctx.hold(
      old?.keptForId === agentId && old.releasedAt === null,
      "the place that it left keeps its data for a while",
    );
  }
  const { doubles: seen } = await doubles.end();
  ctx.hold(seen.length === 0, "at no moment two of one slot ran", seen);
}
