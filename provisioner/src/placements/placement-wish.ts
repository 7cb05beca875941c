import type { PlacementWish } from "@automna/core/placements/choose-node";
import { tierCatalogue } from "@automna/core/tiers/catalogue";
import { toTier, type AgentRecord } from "@automna/records/agents";
import { slotLimits } from "../agents/agent-claim.ts";
import type { WarmFit } from "@automna/records/warm-slots";
import type { WakingAgent } from "@automna/records/wakes";
import type { SlotRecord } from "@automna/records/slots";
import type { PlacementCell, StepDeps } from "../agents/steps/step-context.ts";

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

/** What a warm slot has to be for this agent; null = none will do: it needs a node of its own, or an image of its own. */
export function toWarmFit(
  agent: AgentRecord,
  cell: Pick<PlacementCell, "cellId" | "image" | "takesEveryTier" | "workingSetMb">,
): WarmFit | null {
  const tier = toTier(agent.tier);
  const { cellId, image } = cell;
  const isOrdinary = (agent.wishedImage ?? image) === image && !agent.isSafeMode;
  if (tier === null || !isOrdinary || toPlacementWish(agent, cell).kind === "dedicated") return null;
  return { cellId, image, tier, generation: agent.generation };
}

/** What decides whether the agent may get up where it lies. */
export function toWaking(
  { cell, clock }: Pick<StepDeps, "cell" | "clock">,
  agent: AgentRecord,
  slot: SlotRecord,
): WakingAgent {
  const { cellId, portRestMs } = cell;
  return { agent, slot, cellId, portRestMs, wish: toPlacementWish(agent, cell), now: new Date(clock()) };
}
