import type { PlacementWish } from "@automna/core/placements/choose-node";
import { tierCatalogue } from "@automna/core/tiers/catalogue";
import { toTier, type AgentRecord } from "@automna/records/agents";
import { slotLimits } from "../agents/agent-claim.ts";
import type { PlacementCell } from "../agents/steps/step-context.ts";

/** Where an agent's slot may go, by its tier and the cell's rule. */
export function toPlacementWish(
  agent: AgentRecord,
  { takesEveryTier, workingSetMb }: Pick<PlacementCell, "takesEveryTier" | "workingSetMb">,
): PlacementWish {
  const tier = toTier(agent.tier);
  const isDedicated = tier !== null && tierCatalogue[tier].placement === "dedicated";
  const { memoryMb } = slotLimits(agent);
  return {
    kind: takesEveryTier ? "local" : isDedicated ? "dedicated" : "shared",
    userId: agent.userId,
    memoryMb,
    workingSetMb: Math.min(memoryMb, workingSetMb),
    avoid: [],
  };
}
