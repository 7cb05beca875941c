import type { CellAction } from "@automna/core/operators/cell-action";
import { isAppError } from "@automna/core/shared/app-error";
import type { ScenarioContext } from "../harness/scenario.ts";
import type { World } from "../steps/cell-world.ts";

export const READY_MS = 180_000;
export const LOST_MS = 90_000;

/** An agent, where it was first, and the word that it keeps. */
export interface Placed {
  agentId: string;
  slotId: string;
  nodeId: string;
  word: string;
}

/** Deploys so many agents side by side, and gives each a word of its own. */
export async function placeAgents(ctx: ScenarioContext, world: World, count: number): Promise<Placed[]> {
  const ids: string[] = [];
  for (let number = 0; number < count; number += 1) ids.push(await world.deploy());
  const placed: Placed[] = [];
  for (const agentId of ids) {
    await untilReady(ctx, world, agentId);
    const { id: slotId, nodeId } = await world.slot(agentId);
    const word = `word ${ctx.random.hex(12)}`;
    await world.writeProof(agentId, word);
    placed.push({ agentId, slotId, nodeId, word });
  }
  return placed;
}

export async function untilReady(ctx: ScenarioContext, world: World, agentId: string): Promise<void> {
  let last = "";
  const isReady = async () => {
    const { phase, reason, attempts } = await world.agent(agentId);
    const now = `${agentId}: ${phase}, ${reason ?? "well"}, ${attempts} attempts`;
    if (phase !== "ready" && now !== last) ctx.log(`  ${(last = now)}`);
    return phase === "ready" ? true : null;
  };
  await ctx.eventually("an agent is ready", isReady, { timeoutMs: READY_MS });
}

/** It has what it had, and runs once, where its record says. */
export async function assertWhole(ctx: ScenarioContext, world: World, { agentId, word }: Placed): Promise<void> {
  await untilReady(ctx, world, agentId);
  const slot = await world.slot(agentId);
  const places = await world.containers(slot.id);
  ctx.hold(places.length === 1 && places[0]?.nodeId === slot.nodeId, "… it runs once, where it is said to", places);
  const kept = await world.readProof(agentId);
  ctx.hold(kept === word, "… and has what it had", kept);
}

export async function refused(ctx: ScenarioContext, world: World, action: CellAction, code: string): Promise<void> {
  const error: unknown = await world.act(action).then(
    () => null,
    (caught: unknown) => caught,
  );
  ctx.hold(isAppError(error, code), `${action.type} is refused with a reason: ${code}`, error);
}
