import type { Rest } from "@automna/core/agents/sleep-policy";
import { wishRest } from "@automna/records/activity";
import type { Database } from "@automna/records/database";

/** Lets an agent rest, as the sweep does it with one that nobody needs. False: somebody has just asked for it. */
export async function letRest(db: Database, agentId: string, rest: Exclude<Rest, "awake">): Promise<boolean> {
  const activity = await db.agentActivity.findUnique({ where: { agentId } });
  return wishRest(db, { agentId, rest, wakes: activity?.wakes ?? 0, now: new Date() });
}
