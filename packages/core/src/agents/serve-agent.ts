import { tierCatalogue, type Tier } from "../tiers/catalogue.ts";
import type { ServiceStop } from "../billing/service.ts";
import type { DesiredState } from "./agent-spec.ts";

export interface ServedAgent {
  desired: DesiredState;
  /** Why the platform stopped it; null = it did not. */
  stoppedFor: ServiceStop | null;
  tier: Tier | null;
}

export interface AgentService {
  /** The time for which data is kept is over. */
  isExpired: boolean;
  stop: ServiceStop | null;
  /** Plan that is paid for; null = none, and the agent keeps the one it has. */
  tier: Tier | null;
}

export interface ServiceChange {
  desired: DesiredState;
  stoppedFor: ServiceStop | null;
  tier: Tier | null;
  /** The gateway has to start anew, in place: its memory limit is another. */
  isNewGeneration: boolean;
}

/**
 * What a customer's service means for an agent; null = it is so already. Asked again it answers the same, so that it may
 * be asked at any time: an agent that its owner stopped stays stopped, one that the platform stopped comes back.
 */
export function planService(agent: ServedAgent, { isExpired, stop, tier }: AgentService): ServiceChange | null {
  const { desired, stoppedFor } = agent;
  if (desired === "deleted") return null;
  const asItIs = { desired, stoppedFor, tier: agent.tier, isNewGeneration: false };
  if (isExpired) return { ...asItIs, desired: "deleted" };
  if (stop !== null) {
    const isStoppedByOwner = desired === "stopped" && stoppedFor === null;
    return isStoppedByOwner || stoppedFor === stop ? null : { ...asItIs, desired: "stopped", stoppedFor: stop };
  }
  const next = {
    desired: stoppedFor === null ? desired : "running",
    stoppedFor: null,
    tier: tier ?? agent.tier,
  } as const;
  if (next.desired === desired && next.tier === agent.tier) return null;
  return { ...next, isNewGeneration: memoryOf(next.tier) !== memoryOf(agent.tier) };
}

function memoryOf(tier: Tier | null): number | null {
  return tier === null ? null : tierCatalogue[tier].memoryMb;
}
