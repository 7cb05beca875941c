import type { AgentdStatus, ClaimRequest } from "@automna/contract/agentd";
import { claimHash } from "@automna/service-kit/claim-hash";
import type { GatewayFacts } from "./gateway-supervisor.ts";

/** What agentd says about itself to the provisioner. Pure. */
export function describeStatus(
  slot: { slotId: string; generation: number },
  claim: ClaimRequest | null,
  gateway: GatewayFacts,
): AgentdStatus {
  return {
    slotId: slot.slotId,
    generation: slot.generation,
    agentId: claim?.agentId ?? null,
    claimHash: claim === null ? null : claimHash(claim),
    gateway,
  };
}
