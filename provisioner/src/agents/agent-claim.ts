import type { ClaimRequest } from "@automna/contract/agentd";
import { tierCatalogue, tiers, type Tier } from "@automna/core/tiers/catalogue";
import type { AgentRecord } from "@automna/records/agents";
import type { SlotSpec } from "./agent-runtime.ts";

/** Model ids of the provider: the one that answers, and the cheap one for recaps. */
export interface ModelIds {
  main: string;
  utility: string;
}

/** V8's old space is most of the gateway, not all of it: buffers, code and agentd itself need the rest. */
const HEAP_SHARE = 0.75;

/** Heap cap of the gateway's process in a slot of this limit, MB. */
export function heapMb(memoryMb: number): number {
  return Math.floor(memoryMb * HEAP_SHARE);
}

/** The claim that the agent's present record asks for. */
export function toClaimRequest(agent: AgentRecord, models: ModelIds): ClaimRequest {
  return {
    agentId: agent.id,
    userId: agent.userId,
    name: agent.name,
    personality: agent.personality,
    model: models.main,
    utilityModel: models.utility,
    memoryMb: heapMb(slotLimits(agent).memoryMb),
    ...(agent.isSafeMode ? { isSafeMode: true } : {}),
  };
}

/** OpenClaw runs in 29 to 44 threads, a browser of its skills in some hundred (notes: openclaw 2). */
const SLOT_PIDS = 1_024;

export type SlotLimits = Pick<SlotSpec, "memoryMb" | "cpus" | "pids" | "volumeMb">;

/** What the agent's slot may use, by its tier. */
export function slotLimits(agent: Pick<AgentRecord, "tier">): SlotLimits {
  const { memoryMb, cpus, volumeMb } = tierCatalogue[toTier(agent.tier)];
  return { memoryMb, cpus, pids: SLOT_PIDS, volumeMb };
}

function toTier(name: string): Tier {
  const tier = tiers.find((known) => known === name);
  if (tier === undefined) throw new TypeError(`unknown tier ${name}`);
  return tier;
}
