import type { PlacedAgent } from "@automna/contract/admin-cells";
import { agentReasons, reasonText } from "@automna/core/agents/agent-health";
import type { AgentPhase } from "@automna/core/agents/agent-phase";
import type { Database } from "@automna/records/database";

/** More than one reads; whoever looks for more asks for a node or a phase. */
const MOST = 200;

/** Agents on a node, in a phase, or all that are not gone; who has been as they are for longest first. */
export async function listPlacedAgents(
  db: Database,
  { nodeId, phase }: { nodeId?: string | undefined; phase?: AgentPhase | undefined },
): Promise<{ agents: PlacedAgent[]; isCut: boolean }> {
  const rows = await db.agent.findMany({
    where: {
      phase: phase ?? { not: "deleted" },
      ...(nodeId === undefined ? {} : { slot: { nodeId, releasedAt: null } }),
    },
    orderBy: { phaseSince: "asc" },
    take: MOST + 1,
    include: {
      user: { select: { email: true } },
      slot: { select: { nodeId: true, image: true, workingSetMb: true } },
    },
  });
  const agents = rows.slice(0, MOST).map(({ user, slot, ...agent }) => {
    const known = agentReasons.find((code) => code === agent.reason);
    return {
      id: agent.id,
      name: agent.name,
      userId: agent.userId,
      email: user.email,
      tier: agent.tier,
      phase: agent.phase,
      desired: agent.desired,
      reason: agent.reason,
      message: known === undefined ? null : reasonText(known).title,
      phaseSinceMs: agent.phaseSince.getTime(),
      nodeId: slot?.nodeId ?? null,
      image: slot?.image ?? null,
      workingSetMb: slot?.workingSetMb ?? null,
      isMoveWished: agent.moveWishedAt !== null,
    };
  });
  return { agents, isCut: rows.length > MOST };
}
