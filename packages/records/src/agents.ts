import type { DesiredState, ModelSource } from "@automna/core/agents/agent-spec";
import { appError } from "@automna/contract/error-catalogue";
import type { Tier } from "@automna/core/tiers/catalogue";
import type { Agent } from "@automna/prisma/generated/client";
import { notify, transactionLimits, type Database, type Transaction } from "./database.ts";

export type AgentRecord = Agent;

export interface NewAgent {
  id: string;
  userId: string;
  name: string;
  personality: string;
  modelSource: ModelSource;
  tier: Tier;
}

/** The agent, deleted ones included; null = there is none. */
export async function findAgent(db: Database | Transaction, agentId: string): Promise<AgentRecord | null> {
  return db.agent.findUnique({ where: { id: agentId } });
}

/** The user's agents that are not deleted, oldest first. */
export async function listAgentsOfUser(db: Database | Transaction, userId: string): Promise<AgentRecord[]> {
  return db.agent.findMany({ where: { userId, phase: { not: "deleted" } }, orderBy: { createdAt: "asc" } });
}

/** What a sweep needs to know of every agent that is not gone, to see who needs a look. */
export type AgentSummary = Pick<AgentRecord, "id" | "desired" | "phase" | "attempts" | "retryAt">;

export async function listAgentSummaries(db: Database): Promise<AgentSummary[]> {
  return db.agent.findMany({
    where: { phase: { not: "deleted" } },
    select: { id: true, desired: true, phase: true, attempts: true, retryAt: true },
  });
}

/**
 * Records the wish for an agent. A user has one: the same call again answers the one that is there (S10), which may
 * have other settings than asked for.
 */
export async function createAgent(
  db: Database,
  wish: NewAgent,
  /** Runs in the same transaction when the agent is new, e.g. to audit it. */
  onNew: (tx: Transaction, agent: AgentRecord) => Promise<void> = async () => undefined,
): Promise<{ agent: AgentRecord; isNew: boolean }> {
  return db.$transaction(async (tx) => {
    // The user's row is the lock: two deploys at once are one agent.
    await tx.$queryRaw`SELECT id FROM users WHERE id = ${wish.userId} FOR UPDATE`;
    const [existing] = await listAgentsOfUser(tx, wish.userId);
    if (existing !== undefined) return { agent: existing, isNew: false };
    const agent = await tx.agent.create({ data: wish });
    await appendAgentEvent(tx, agent, "agent.requested", {});
    await onNew(tx, agent);
    return { agent, isNew: true };
  }, transactionLimits);
}

export interface DesiredChange {
  agentId: string;
  desired: DesiredState;
  /** Start anew even if it runs. */
  isRestart: boolean;
  /** Throws when the change is not possible in the agent's present phase. */
  assertPossible: (agent: AgentRecord) => void;
  /** True when the wish already stands: then the agent is answered as it is, without an event (S10). */
  isAlready?: (agent: AgentRecord) => boolean;
  /** Runs in the same transaction after a change, e.g. to audit it. */
  onChange?: (tx: Transaction, agent: AgentRecord) => Promise<void>;
}

/** Records a new wish for an agent, forgets earlier failures and tells everybody. Throws `agent_not_found`. */
export async function changeDesired(db: Database, change: DesiredChange): Promise<AgentRecord> {
  return db.$transaction(async (tx) => {
    const agent = await lockAgent(tx, change.agentId);
    if (change.isAlready?.(agent) === true) return agent;
    change.assertPossible(agent);
    const changed = await tx.agent.update({
      where: { id: agent.id },
      data: {
        desired: change.desired,
        generation: change.isRestart ? agent.generation + 1 : agent.generation,
        attempts: 0,
        retryAt: null,
      },
    });
    await appendAgentEvent(tx, changed, `agent.${change.isRestart ? "restart" : change.desired}_requested`, {});
    await change.onChange?.(tx, changed);
    return changed;
  }, transactionLimits);
}

export interface ModelChange {
  agentId: string;
  modelSource: ModelSource;
  /** Throws when the agent can't answer from there; runs in the transaction, before anything is written. */
  assertPossible: (tx: Transaction, agent: AgentRecord) => Promise<void>;
  /** Runs in the same transaction after a change, e.g. to audit it. */
  onChange: (tx: Transaction, agent: AgentRecord) => Promise<void>;
}

/**
 * Records where the agent's answers come from and tells everybody: egress looks it up for each call, so nothing
 * restarts. The same choice again changes nothing (S10). Throws `agent_not_found`.
 */
export async function changeModelSource(db: Database, change: ModelChange): Promise<AgentRecord> {
  const { agentId, modelSource } = change;
  return db.$transaction(async (tx) => {
    const agent = await lockAgent(tx, agentId);
    await change.assertPossible(tx, agent);
    if (agent.modelSource === modelSource) return agent;
    const changed = await tx.agent.update({ where: { id: agent.id }, data: { modelSource } });
    await appendAgentEvent(tx, changed, `agent.${modelSource}_chosen`, {});
    await change.onChange(tx, changed);
    return changed;
  }, transactionLimits);
}

/** Locks the agent's row until the transaction ends. Throws `agent_not_found`. */
export async function lockAgent(tx: Transaction, agentId: string): Promise<AgentRecord> {
  await tx.$queryRaw`SELECT id FROM agents WHERE id = ${agentId} FOR UPDATE`;
  const agent = await findAgent(tx, agentId);
  if (agent === null) throw appError("agent_not_found");
  return agent;
}

/** Appends what happened and announces the change, in the caller's transaction (S4). */
export async function appendAgentEvent(
  tx: Transaction,
  agent: AgentRecord,
  type: string,
  data: Readonly<Record<string, string | number | null>>,
): Promise<void> {
  await tx.agentEvent.create({ data: { agentId: agent.id, type, phase: agent.phase, data } });
  await notify(tx, "agent_changed", { agentId: agent.id, userId: agent.userId });
}

export interface AgentEventRecord {
  id: bigint;
  type: string;
  phase: AgentRecord["phase"];
  at: Date;
}

/** Events after `afterId`, or the newest ones without it; oldest first. */
export async function listAgentEvents(
  db: Database,
  agentId: string,
  { afterId, limit }: { afterId: bigint | null; limit: number },
): Promise<AgentEventRecord[]> {
  const rows = await db.agentEvent.findMany({
    where: { agentId, ...(afterId === null ? {} : { id: { gt: afterId } }) },
    orderBy: { id: afterId === null ? "desc" : "asc" },
    take: limit,
    select: { id: true, type: true, phase: true, at: true },
  });
  return afterId === null ? rows.toReversed() : rows;
}
