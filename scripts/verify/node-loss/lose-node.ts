import { reasonText } from "@automna/core/agents/agent-health";
import { detachLoopsBelow } from "@automna/testkit/docker/sweep-labs";
import { dirname } from "node:path";
import type { ScenarioContext } from "../harness/scenario.ts";
import { attackElsewhere } from "./elsewhere.ts";
import { LOST_MS, placeAgents, refused, type Placed } from "./placed.ts";
import { listEvents, watchAnswers } from "./watch.ts";
import { nodeOf, type World } from "../steps/cell-world.ts";

export interface Loss {
  lostNodeId: string;
  /** Its agents. */
  lost: readonly Placed[];
  others: readonly Placed[];
}

/** Cut off first, with its agents going on unseen; then dead. Answers agents that were deployed meanwhile. */
export async function loseNode(ctx: ScenarioContext, world: World, loss: Loss): Promise<Placed[]> {
  const { cell, db } = world;
  const { lostNodeId, lost, others } = loss;
  const node = nodeOf(cell, lostNodeId);
  const before = await Promise.all(others.map(({ slotId }) => world.containers(slotId)));
  const watch = watchAnswers(await Promise.all(others.map(({ agentId }) => world.slot(agentId))));
  const since = new Date();
  await cell.lab.network.setLink(node.name, "down");
  const isLost = async () => (await db.node.findUnique({ where: { id: lostNodeId } }))?.lostSince ?? null;
  await ctx.eventually("the node that was cut off is reported as lost", isLost, { timeoutMs: LOST_MS });
  ctx.figure("from the cut until the node is reported as lost", Date.now() - since.getTime(), "ms");
  await assertTruth(ctx, world, lost);

  const fresh = await placeAgents(ctx, world, 2);
  ctx.hold(
    fresh.every(({ nodeId }) => nodeId !== lostNodeId),
    "new agents are placed, and not on the lost node",
    fresh,
  );
  await assertDecisions(ctx, world, loss);
  for (const { slotId } of lost) {
    const places = await world.containers(slotId);
    const isAlone = places.length === 1 && places[0]?.nodeId === lostNodeId;
    ctx.hold(isAlone, "an agent of the lost node runs on there, unseen, and was started nowhere else", places);
  }
  await killMachine(world, lostNodeId);
  const [first] = lost;
  const [elsewhere] = others;
  if (first !== undefined && elsewhere !== undefined)
    await attackElsewhere(ctx, world, { slotId: first.slotId, nodeId: elsewhere.nodeId });
  for (const { slotId } of lost)
    ctx.hold((await world.containers(slotId)).length === 0, "with its machine dead it runs nowhere");

  const { asked, wrong } = await watch.end();
  ctx.hold(wrong.length === 0 && asked > 10, "agents elsewhere answered all the while, as who they are", {
    asked,
    wrong,
  });
  ctx.figure("questions to agents elsewhere meanwhile", asked, "");
  const after = await Promise.all(others.map(({ slotId }) => world.containers(slotId)));
  ctx.hold(JSON.stringify(after) === JSON.stringify(before), "… in the same containers");
  const ids = others.map(({ agentId }) => agentId);
  const events = await listEvents(db, ids, since);
  ctx.hold(events.length === 0, "… and nothing happened to them", events);
  return fresh;
}

async function assertTruth(ctx: ScenarioContext, world: World, lost: readonly Placed[]): Promise<void> {
  for (const { agentId } of lost) {
    const says = async () => ((await world.agent(agentId)).reason === "node_lost" ? true : null);
    await ctx.eventually("an agent of the lost node says why it is away", says, { timeoutMs: LOST_MS });
    const { phase, backendType } = await world.agent(agentId);
    ctx.hold(phase === "failing" && backendType === null, "… is not shown as ready, and nobody is sent there", phase);
  }
  ctx.hold(/machine/i.test(reasonText("node_lost").detail), "the words name the machine, not the customer");
}

/** What can't be done for an agent whose node is lost is refused with its reason, and waiting is a decision. */
async function assertDecisions(ctx: ScenarioContext, world: World, { lostNodeId, lost }: Loss): Promise<void> {
  const agentId = lost[0]?.agentId ?? "";
  await refused(ctx, world, { type: "drain_node", nodeId: lostNodeId, concurrency: 1 }, "node_is_lost");
  await refused(ctx, world, { type: "move_agent", agentId, nodeId: null }, "node_is_lost");
  await refused(ctx, world, { type: "decide_lost_agent", agentId, decision: "restore" }, "backups_unavailable");
  await world.act({ type: "decide_lost_agent", agentId, decision: "wait" });
}

/** Everything of the machine but its disk is gone. */
async function killMachine({ cell }: World, nodeId: string): Promise<void> {
  const { engine } = nodeOf(cell, nodeId);
  await cell.keepers.get(nodeId)?.kill();
  await engine.killAll();
  await detachLoopsBelow(dirname(engine.socketPath));
}
