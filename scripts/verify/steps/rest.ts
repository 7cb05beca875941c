import type { Rest } from "@automna/core/agents/sleep-policy";
import { wishRest } from "@automna/records/activity";
import type { Database } from "@automna/records/database";

/** The proxy writes down every half minute who was there since. */
const WRITTEN_AFTER_MS = 40_000;

/**
 * Lets an agent rest, as the sweep does it with one that nobody needs. False: somebody has just asked for it. `isIdle`: as if nobody
 * had been there lately, so that what the proxy is still to write of the last visit does not wake it again.
 */
export async function letRest(
  db: Database,
  { agentId, rest, isIdle = false }: { agentId: string; rest: Exclude<Rest, "awake">; isIdle?: boolean },
): Promise<boolean> {
  const activity = await db.agentActivity.findUnique({ where: { agentId } });
  const now = new Date(Date.now() + (isIdle ? WRITTEN_AFTER_MS : 0));
  return wishRest(db, { agentId, rest, wakes: activity?.wakes ?? 0, now });
}
