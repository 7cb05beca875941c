import { chmod, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { claimRequestSchema, type ClaimRequest, type PrepareRequest } from "@automna/contract/agentd";
import { claimHash } from "@automna/service-kit/claim-hash";

/** What a claim means for the slot, given the one in force. */
export type ClaimDecision = "first" | "same" | "personality" | "restart" | "refused";

/**
 * Who may claim, and what it takes. One slot serves one agent for good: another agent's data lies on the
 * volume, so a claim for another one is refused whatever else it says.
 */
export function decideClaim(inForce: ClaimRequest | null, wanted: ClaimRequest): ClaimDecision {
  if (inForce === null) return "first";
  if (inForce.agentId !== wanted.agentId || inForce.userId !== wanted.userId) return "refused";
  if (claimHash(inForce) === claimHash(wanted)) return "same";
  return needsNewProcess(inForce, wanted) ? "restart" : "personality";
}

/** What a gateway was started for: an agent, or nobody yet. */
export type GatewayWish = PrepareRequest | ClaimRequest;

export function isClaim(wish: GatewayWish): wish is ClaimRequest {
  return "agentId" in wish;
}

/** Whether a gateway that runs for one wish can't serve the other as it is. Who it belongs to changes nothing of it. */
export function needsNewProcess(runsFor: GatewayWish, wanted: GatewayWish): boolean {
  return (
    runsFor.model !== wanted.model ||
    runsFor.utilityModel !== wanted.utilityModel ||
    runsFor.memoryMb !== wanted.memoryMb ||
    isSafe(runsFor) !== isSafe(wanted)
  );
}

function isSafe(wish: GatewayWish): boolean {
  return isClaim(wish) && wish.isSafeMode === true;
}

export interface ClaimStore {
  /** Null when nobody has claimed the slot yet; throws when the file is there but unreadable. */
  load(): Promise<ClaimRequest | null>;
  save(claim: ClaimRequest): Promise<void>;
}

/** The claim in agentd's run folder: an agentd that starts again goes on where the last one was. */
export function makeClaimStore(runDir: string): ClaimStore {
  const path = join(runDir, "claim.json");
  return {
    async load() {
      const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return null;
        throw error;
      });
      return text === null ? null : claimRequestSchema.parse(JSON.parse(text));
    },
    async save(claim) {
      const next = `${path}.next`;
      await writeFile(next, JSON.stringify(claim), { mode: 0o600, flush: true });
      await chmod(next, 0o600);
      await rename(next, path);
    },
  };
}
