import type { ClaimRequest } from "@automna/contract/agentd";
import { tierCatalogue, tiers, type Tier } from "@automna/core/tiers/catalogue";
import type { AgentRecord } from "@automna/records/agents";

/** Model ids of the provider: the one that answers, and the cheap one for recaps. */
export interface ModelIds {
  main: string;
  utility: string;
}

/** V8's old space is most of the gateway, not all of it: buffers, code and agentd itself need the rest. */
const HEAP_SHARE = 0.75;

/** The claim that the agent's present record asks for. */
export function toClaimRequest(agent: AgentRecord, models: ModelIds): ClaimRequest {
  return {
    agentId: agent.id,
    userId: agent.userId,
    name: agent.name,
    personality: agent.personality,
    model: models.main,
    utilityModel: models.utility,
    memoryMb: Math.floor(slotMemoryMb(agent) * HEAP_SHARE),
  };
}

/** Memory limit of the agent's slot, MB. */
export function slotMemoryMb(agent: AgentRecord): number {
  return tierCatalogue[toTier(agent.tier)].memoryMb;
}

function toTier(name: string): Tier {
  const tier = tiers.find((known) => known === name);
  if (tier === undefined) throw new TypeError(`unknown tier ${name}`);
  return tier;
}
