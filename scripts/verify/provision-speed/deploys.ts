import { setTimeout as sleep } from "node:timers/promises";
import { changeDesired } from "@automna/records/agents";
import type { ScenarioContext } from "../harness/scenario.ts";
import { addCustomer, wishAgent } from "../../../provisioner/src/testing/wished-agents.ts";
import type { SpeedWorld } from "./world.ts";

const READY_LIMIT_MS = 240_000;
/** Between two questions whether all are ready; asked more often, they would be a part of what is measured. */
const LOOK_MS = 20;
const LOOK_MS_EACH = 8;

/** Deploys as api records them, and what becomes of them. */
export function makeDeploys(ctx: ScenarioContext, { db }: SpeedWorld) {
  /** How long after `startedAt` each is ready, ms; null = not within the limit. */
  const untilReady = async (agentIds: readonly string[], startedAt: number): Promise<(number | null)[]> => {
    const readyAfter = new Map<string, number>();
    while (readyAfter.size < agentIds.length && performance.now() - startedAt < READY_LIMIT_MS) {
      const rows = await db.agent.findMany({
        where: { id: { in: agentIds.filter((id) => !readyAfter.has(id)) }, phase: "ready" },
        select: { id: true },
      });
      for (const { id } of rows) readyAfter.set(id, performance.now() - startedAt);
      await sleep(Math.max(LOOK_MS, LOOK_MS_EACH * agentIds.length), undefined, { signal: ctx.signal });
    }
    return agentIds.map((id) => readyAfter.get(id) ?? null);
  };

  /** Tries that did not work on the way, by their reasons. */
  const listFailures = async (agentIds: readonly string[]): Promise<unknown[]> => {
    const events = await db.agentEvent.findMany({ where: { agentId: { in: [...agentIds] }, type: "agent.failing" } });
    return events.map(({ data }) => data);
  };

  const remove = async (agentIds: readonly string[]) => {
    for (const agentId of agentIds)
      await changeDesired(db, { agentId, desired: "deleted", isRestart: false, assertPossible: () => undefined });
    await ctx.eventually(
      agentIds.length === 1 ? "its agent is deleted" : `${agentIds.length} agents are deleted`,
      async () =>
        (await db.agent.count({ where: { id: { in: [...agentIds] }, phase: { not: "deleted" } } })) === 0 ? true : null,
      { timeoutMs: 240_000, everyMs: 200 },
    );
  };

  return {
    makeUser: () => addCustomer(db),
    deploy: (userId: string) => wishAgent(db, userId),
    untilReady,
    listFailures,
    remove,
  };
}
export type Deploys = ReturnType<typeof makeDeploys>;
