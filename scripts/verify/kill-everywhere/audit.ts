import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { slotResourceName } from "@automna/contract/nodekeeper";
import { idFrom } from "@automna/core/shared/ids";
import type { ScenarioContext } from "../harness/scenario.ts";
import { compareInventories, expectedInventory, takeInventory } from "./inventory.ts";
import type { World } from "./world.ts";

/** Waits until there is exactly one of everything for each living agent, and says what is not so. */
export async function assertExactlyOne(ctx: ScenarioContext, world: World, limitMs: number): Promise<void> {
  await assertNoticed(ctx, world);
  let differences = await compare(world);
  for (const deadline = Date.now() + limitMs; differences.length > 0 && Date.now() < deadline;) {
    await sleep(1_000, undefined, { signal: ctx.signal });
    differences = await compare(world);
  }
  const living = await world.db.admin.agent.count({ where: { phase: { not: "deleted" } } });
  const gone = await world.db.admin.agent.count({ where: { phase: "deleted" } });
  const sentence = `one record, service, secret, volume, container and port for each of ${living} agents, none for ${gone} deleted ones`;
  ctx.hold(differences.length === 0, sentence, differences);
  await assertAnswering(ctx, world);
}

/** Behind the one port of each agent that runs is its own slot. */
async function assertAnswering(ctx: ScenarioContext, world: World): Promise<void> {
  const agents = await world.db.admin.agent.findMany({ where: { phase: "ready" }, include: { slot: true } });
  const wrong: string[] = [];
  for (const { id, slot } of agents) {
    const nonce = randomBytes(16).toString("hex");
    const told = await fetch(`http://${slot?.host}:${slot?.port}/healthz?nonce=${nonce}`)
      .then((answer) => answer.text())
      .catch((error: Error) => error.message);
    if (!told.includes(id) || slot === null || !told.includes(slot.id)) wrong.push(`${id}: ${told.slice(0, 200)}`);
  }
  ctx.hold(
    wrong.length === 0,
    `each of ${agents.length} agents that run answers at its port, and says who it is`,
    wrong,
  );
}

async function compare(world: World): Promise<string[]> {
  const agents = await world.db.admin.agent.findMany({ where: { phase: { not: "deleted" } }, include: { slot: true } });
  const living = agents.flatMap(({ slot, phase }) => (slot === null ? [] : [{ slot, runs: phase !== "asleep" }]));
  const placeless = agents.flatMap(({ id, slot }) => (slot === null ? [`agents: ${id} has no place`] : []));
  return [...placeless, ...compareInventories(expectedInventory(living), await takeInventory(world))];
}

/** What nobody owns, planted for a moment: an audit that does not see it would say nothing. */
async function assertNoticed(ctx: ScenarioContext, world: World): Promise<void> {
  const name = slotResourceName(idFrom("slt", randomBytes(20)));
  const [node] = world.cell.agentNodes;
  ctx.must(node !== undefined, "the cell has a node");
  const manager = world.cell.manager.engine.docker;
  const secret = await manager.createSecret({
    Name: `${name}-root-key`,
    Labels: {},
    Data: Buffer.from("planted").toString("base64"),
  });
  await node.engine.docker.createVolume({ Name: name });
  const seen = (await compare(world)).filter((each) => each.includes(name));
  ctx.hold(seen.length === 2, "what is planted without an owner is noticed", seen);
  await manager.getSecret(secret.id).remove();
  await node.engine.docker.getVolume(name).remove();
}
