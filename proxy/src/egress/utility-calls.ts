import { allowanceAfterRun, utilityAllowance } from "@automna/core/credits/utility-call";
import { LRUCache } from "lru-cache";

export interface UtilityCalls {
  /** True and one less, while the agent has some left. */
  take: (agentId: string) => boolean;
  /** A run of the agent was paid. */
  earn: (agentId: string) => void;
}

const AGENTS_MAX = 20_000;

/** Counts free utility calls per agent. Each process counts for itself, and begins anew with `utilityAllowance.first`. */
export function makeUtilityCalls(): UtilityCalls {
  const left = new LRUCache<string, number>({ max: AGENTS_MAX });
  const of = (agentId: string) => left.get(agentId) ?? utilityAllowance.first;
  return {
    take(agentId) {
      const count = of(agentId);
      if (count > 0) left.set(agentId, count - 1);
      return count > 0;
    },
    earn: (agentId) => void left.set(agentId, allowanceAfterRun(of(agentId))),
  };
}
