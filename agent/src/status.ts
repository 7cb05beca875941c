import type { AgentdStatus, ClaimRequest } from "@automna/contract/agentd";
import { claimHash } from "@automna/service-kit/claim-hash";
import type { GatewayFacts } from "./gateway-supervisor.ts";

export interface StatusFacts {
  slot: { slotId: string; generation: number };
  claim: ClaimRequest | null;
  /** False while a claim is being carried out: until it holds, the provisioner asks for it again. */
  isApplied: boolean;
  gateway: GatewayFacts;
}

/** What agentd says about itself to the provisioner. Pure. */
export function describeStatus({ slot, claim, isApplied, gateway }: StatusFacts): AgentdStatus {
  return {
    slotId: slot.slotId,
    generation: slot.generation,
    agentId: claim?.agentId ?? null,
    claimHash: claim === null || !isApplied ? null : claimHash(claim),
    gateway,
  };
}
