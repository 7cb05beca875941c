import { agentAbilities } from "@automna/core/agents/agent-abilities";
import { agentReasons, reasonText, type AgentReason } from "@automna/core/agents/agent-health";
import { deployProgress } from "@automna/core/agents/deploy-progress";
import { tiers, type Tier } from "@automna/core/tiers/catalogue";
import type { AgentView } from "@automna/contract/agents";
import { agentPath } from "@automna/contract/paths";
import type { AgentRecord } from "@automna/records/agents";

/** An agent as its owner sees it at `now`: no slot, no address. */
export function toAgentView(agent: AgentRecord, now: number): AgentView {
  const stageSinceMs = agent.stageSince.getTime();
  return {
    id: agent.id,
    userId: agent.userId,
    name: agent.name,
    personality: agent.personality,
    modelSource: agent.modelSource,
    tier: toTier(agent.tier),
    desired: agent.desired,
    phase: agent.phase,
    phaseSinceMs: agent.phaseSince.getTime(),
    progress: { ...deployProgress(agent.stage, now - stageSinceMs), sinceMs: stageSinceMs },
    reason: toReason(agent.desired === "stopped" ? (agent.stoppedFor ?? agent.reason) : agent.reason),
    attempts: agent.attempts,
    retryAtMs: agent.retryAt?.getTime() ?? null,
    // Once it is to be deleted, nothing else is possible, whatever it still does.
    abilities: agentAbilities(agent.phase).filter((action) => agent.desired !== "deleted" || action === "delete"),
    path: agentPath(agent.userId),
    createdAtMs: agent.createdAt.getTime(),
  };
}

export function toTier(text: string): Tier {
  const tier = tiers.find((known) => known === text);
  if (tier === undefined) throw new TypeError(`unknown tier ${text}`);
  return tier;
}

function toReason(text: string | null): AgentView["reason"] {
  if (text === null) return null;
  // A newer version may have stored a reason that this one has no words for.
  const code: AgentReason = agentReasons.find((known) => known === text) ?? "step_failed";
  return { code, ...reasonText(code) };
}
