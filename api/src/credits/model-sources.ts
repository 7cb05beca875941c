import { modelSources, type ModelSource } from "@automna/core/agents/agent-spec";
import type { Tier } from "@automna/core/tiers/catalogue";
import { canUseCredits } from "@automna/core/tiers/entitlements";

export interface ModelSourceFacts {
  tier: Tier;
  /** Egress has the key behind credits. */
  hasPlatformKey: boolean;
}

/** Where an agent's answers may come from, in the order in which they are offered. */
export function listModelSources({ tier, hasPlatformKey }: ModelSourceFacts): ModelSource[] {
  return modelSources.filter((source) => source !== "credits" || (hasPlatformKey && canUseCredits(tier)));
}
