import type { Rest } from "@automna/core/agents/sleep-policy";
import type { AgentPhase } from "@automna/core/agents/agent-phase";
import type { Pool } from "pg";
import { appendAgentEvent, lockAgent } from "./agents.ts";
import { transactionLimits, type Database } from "./database.ts";

// When agents were last needed: the proxy writes it, for many at once; the provisioner decides by it who rests.

/** Notes that these users' agents were needed at `at`: one statement, however many they are. */
export async function recordActivity(pool: Pool, userIds: readonly string[], at: Date): Promise<void> {
  if (userIds.length === 0) return;
  // Sorted: two proxies that write the same rows never wait for each other in a circle.
  await pool.query(
    `INSERT INTO agent_activity (agent_id, active_at)
     SELECT id, $2 FROM agents WHERE user_id = ANY($1::text[]) AND phase <> 'deleted' ORDER BY id
     ON CONFLICT (agent_id) DO UPDATE SET active_at = greatest(agent_activity.active_at, EXCLUDED.active_at)`,
    [userIds, at],
  );
}

/**
 * Asks for an agent that rests to wake, and tells everybody. False = it does not wake: its owner or the platform wants
 * it stopped, or it is gone.
 */
export async function requestWake(
  pool: Pool,
  { agentId, userId, at }: { agentId: string; userId: string; at: Date },
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `INSERT INTO agent_activity (agent_id, active_at, wakes)
     SELECT id, $3, 1 FROM agents WHERE id = $1 AND user_id = $2 AND desired = 'running'
     ON CONFLICT (agent_id) DO UPDATE
       SET wakes = agent_activity.wakes + 1, active_at = greatest(agent_activity.active_at, EXCLUDED.active_at)`,
    [agentId, userId, at],
  );
  if (rowCount === 0) return false;
  await pool.query("SELECT pg_notify('agent_changed', $1)", [JSON.stringify({ agentId, userId })]);
  return true;
}

/** What decides whether an agent may rest. */
export interface RestCandidate {
  id: string;
  nodeId: string;
  tier: string;
  phase: AgentPhase;
  phaseSince: Date;
  rest: Rest;
  restSince: Date | null;
  restWakes: number;
  /** When it was last needed; null = the proxy has not seen anybody. */
  activeAt: Date | null;
  wakes: number;
}

/** Agents that run, or rest, by the platform's own wish; those in trouble or on their way are left out. */
export async function listRestCandidates(db: Database): Promise<RestCandidate[]> {
  return db.$queryRaw<RestCandidate[]>`
    SELECT a.id, s.node_id AS "nodeId", a.tier, a.phase, a.phase_since AS "phaseSince", a.rest, a.rest_since AS "restSince",
           a.rest_wakes AS "restWakes",
           y.active_at AS "activeAt", coalesce(y.wakes, 0) AS wakes
    FROM agents a JOIN slots s ON s.id = a.slot_id LEFT JOIN agent_activity y ON y.agent_id = a.id
    WHERE a.desired = 'running' AND a.phase IN ('ready', 'dozing', 'asleep') AND a.move_wished_at IS NULL`;
}

/**
 * Lets an agent rest, unless somebody has asked for it since it was looked at: then `wakes` is out of date. True when
 * that is a change.
 */
export async function wishRest(
  db: Database,
  { agentId, rest, wakes, now }: { agentId: string; rest: Rest; wakes: number; now: Date },
): Promise<boolean> {
  return db.$transaction(async (tx) => {
    const agent = await lockAgent(tx, agentId);
    const activity = await tx.agentActivity.findUnique({ where: { agentId } });
    if ((activity?.wakes ?? 0) !== wakes || agent.desired !== "running") return false;
    if (agent.rest === rest && agent.restWakes === wakes) return false;
    const changed = await tx.agent.update({
      where: { id: agentId },
      data: { rest, restSince: now, restWakes: wakes, admittedAt: null },
    });
    await appendAgentEvent(tx, changed, `agent.may_${rest === "awake" ? "wake" : rest}`, {});
    return true;
  }, transactionLimits);
}

/** How the agent may rest now: any wake since that was decided has ended it. */
export async function findRest(db: Database, agent: { id: string; rest: string; restWakes: number }): Promise<Rest> {
  if (agent.rest === "awake") return "awake";
  const activity = await db.agentActivity.findUnique({ where: { agentId: agent.id }, select: { wakes: true } });
  const isOver = (activity?.wakes ?? 0) !== agent.restWakes;
  if (isOver) return "awake";
  return agent.rest === "sleep" ? "sleep" : "doze";
}
