import { createHash } from "node:crypto";
import type { ClaimRequest } from "@automna/contract/agentd";

/** Fingerprint of a claim: the planner compares the one wanted with the one in force. */
export function claimHash(claim: ClaimRequest): string {
  const fields = [
    claim.agentId,
    claim.userId,
    claim.name,
    claim.personality,
    claim.model,
    claim.utilityModel,
    claim.memoryMb,
    // Only where it says something: claims from before it existed keep their fingerprint.
    ...(claim.isSafeMode === true ? ["safe"] : []),
  ];
  return createHash("sha256").update(JSON.stringify(fields)).digest("base64url").slice(0, 22);
}
