import type { Tier } from "@automna/core/tiers/catalogue";
import { listAgentsOfUser } from "@automna/records/agents";
import type { Database } from "@automna/records/database";
import { toTier } from "../agents/to-agent-view.ts";

/** The tier of the customer's agent, or the one that a new agent would get. */
export function makeFindTier(db: Database, tierOfNew: Tier): (userId: string) => Promise<Tier> {
  return async (userId) => {
    const [agent] = await listAgentsOfUser(db, userId);
    return agent === undefined ? tierOfNew : toTier(agent.tier);
  };
}
