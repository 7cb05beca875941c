import type { Tier } from "@automna/core/tiers/catalogue";
import { sellableTiers } from "@automna/core/billing/price-keys";
import { listAgentsOfUser } from "@automna/records/agents";
import type { Database } from "@automna/records/database";
import { toTier } from "../agents/to-agent-view.ts";

/** The tier that the customer is entitled to; without a subscription that of their agent, or of the agent they would get. */
export function makeFindTier(db: Database, freeTier: Tier | null): (userId: string) => Promise<Tier> {
  return async (userId) => {
    const entitlement = await db.entitlement.findUnique({ where: { userId }, select: { tier: true } });
    if (typeof entitlement?.tier === "string") return toTier(entitlement.tier);
    const [agent] = await listAgentsOfUser(db, userId);
    return agent === undefined ? (freeTier ?? cheapest()) : toTier(agent.tier);
  };
}

/** Whose prices somebody sees who has no plan yet. */
function cheapest(): Tier {
  const [tier] = sellableTiers;
  if (tier === undefined) throw new TypeError("the catalogue sells nothing");
  return tier;
}
