import { ATTEMPT_BUDGET } from "@automna/core/agents/retry-policy";
import type { AgentView } from "@automna/contract/agents";

/** When the platform tries again, in words; null when it is not waiting to. */
export function retryNotice(agent: Pick<AgentView, "phase" | "attempts" | "retryAtMs">, now: number): string | null {
  if (agent.phase === "failed") return `Stopped trying after ${agent.attempts} attempts.`;
  if (agent.phase !== "failing" || agent.attempts === 0) return null;
  const count = `attempt ${agent.attempts + 1} of ${ATTEMPT_BUDGET}`;
  const waitMs = (agent.retryAtMs ?? 0) - now;
  return waitMs > 500 ? `Next try in ${Math.ceil(waitMs / 1000)} s (${count}).` : `Trying again now (${count}).`;
}
