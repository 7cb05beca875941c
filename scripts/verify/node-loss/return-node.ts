import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { command } from "@automna/testkit/docker/command";
import { LAB_DEVICE_DIR } from "@automna/testkit/docker/sweep-labs";
import type { ScenarioContext } from "../harness/scenario.ts";
import type { Loss } from "./lose-node.ts";
import { assertWhole, LOST_MS, untilReady } from "./placed.ts";
import { listEvents, watchDoubles } from "./watch.ts";
import { nodeOf, type World } from "../steps/cell-world.ts";

const ATTACH = fileURLToPath(new URL("../../../infra/attach-volumes.sh", import.meta.url));

/** The machine boots: its agents are back where they were, each once, with what they had. */
export async function bringNodeBack(
  ctx: ScenarioContext,
  world: World,
  { lostNodeId, lost }: Pick<Loss, "lostNodeId" | "lost">,
): Promise<void> {
  const { cell, db } = world;
  const { name, engine } = nodeOf(cell, lostNodeId);
  const doubles = watchDoubles(
    world,
    lost.map(({ slotId }) => slotId),
  );
  const since = new Date();
  const backAt = Date.now();
  // In the order of a boot: infra/automna-node.service, the engine, what the engine keeps running.
  await command([ATTACH, join(dirname(engine.socketPath), "keeper/data/volumes"), LAB_DEVICE_DIR]);
  await cell.lab.network.setLink(name, "up");
  await engine.start();
  await cell.keepers.get(lostNodeId)?.start();
  const isBack = async () =>
    ((await db.node.findUnique({ where: { id: lostNodeId } }))?.lostSince ?? null) === null ? true : null;
  await ctx.eventually("the node that comes back is no longer lost", isBack, { timeoutMs: LOST_MS });
  for (const { agentId } of lost) await untilReady(ctx, world, agentId);
  const ids = lost.map(({ agentId }) => agentId);
  const events = await listEvents(db, ids, since);
  // Its engine may be there before its nodekeeper: then it is still the machine's.
  const failures = events.filter(({ type, reason }) => type === "agent.failing" && reason !== "node_lost");
  ctx.hold(failures.length === 0, "that its machine went is not held against any of them", failures);
  ctx.figure("from the node's return until its agents are ready", Date.now() - backAt, "ms");
  for (const placed of lost) {
    const slot = await world.slot(placed.agentId);
    ctx.hold(slot.id === placed.slotId && slot.nodeId === lostNodeId, "its agent has the place that it had");
    await assertWhole(ctx, world, placed);
  }
  const { looks, doubles: seen } = await doubles.end();
  ctx.hold(seen.length === 0 && looks > 10, "at no moment two of any of them ran", { looks, seen });
}
