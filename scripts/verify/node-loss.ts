import type { Scenario, ScenarioContext } from "./harness/scenario.ts";
import { drainNode } from "./node-loss/drain-node.ts";
import { loseNode } from "./node-loss/lose-node.ts";
import { placeAgents, READY_MS, type Placed } from "./node-loss/placed.ts";
import { bringNodeBack } from "./node-loss/return-node.ts";
import { makeWorld, type World } from "./steps/cell-world.ts";

export const scenario: Scenario = {
  name: "node-loss",
  title: "one of three nodes is cut off, killed and comes back; another is drained; nothing is lost or runs twice",
  needsDocker: true,
  run,
};

async function run(ctx: ScenarioContext): Promise<void> {
  const world = await makeWorld(ctx);
  const agents = await placeAgents(ctx, world, ctx.isQuick ? 3 : 12);
  ctx.hold(new Set(agents.map(({ nodeId }) => nodeId)).size === 3, "the agents are spread over the three nodes");
  const lostNodeId = agents[0]?.nodeId ?? "";
  const lost = agents.filter(({ nodeId }) => nodeId === lostNodeId);
  const others = agents.filter(({ nodeId }) => nodeId !== lostNodeId);
  ctx.must(lost.length > 0 && others.length > 0, "there are agents on the node that is lost, and elsewhere");
  const fresh = await loseNode(ctx, world, { lostNodeId, lost, others });
  await bringNodeBack(ctx, world, { lostNodeId, lost });
  await drainNode(ctx, world, { agents: [...agents, ...fresh], nodeId: others[0]?.nodeId ?? "" });
  await removeAll(ctx, world, [...agents, ...fresh]);
}

async function removeAll(ctx: ScenarioContext, world: World, agents: readonly Placed[]): Promise<void> {
  for (const { agentId } of agents) await world.remove(agentId);
  for (const { agentId } of agents) {
    const isGone = async () => ((await world.agent(agentId)).phase === "deleted" ? true : null);
    await ctx.eventually("an agent is deleted", isGone, { timeoutMs: READY_MS });
  }
  const services = await world.cell.manager.engine.docker.listServices();
  ctx.hold(services.length === 0, "nothing of them is left in the Swarm", services.length);
  for (const [nodeId, keeper] of world.cell.keepers) {
    const left = (await keeper.call({ path: "/v1/slots" })).json();
    ctx.hold(Array.isArray(left) && left.length === 0, `nothing of them is left on the node ${nodeId}`, left);
  }
}
