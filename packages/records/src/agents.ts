import type { DesiredState, ModelSource } from "@automna/core/agents/agent-spec";
import { planService, type AgentService } from "@automna/core/agents/serve-agent";
import { serviceStops, type ServiceStop } from "@automna/core/billing/service";
import { appError } from "@automna/contract/error-catalogue";
import { tiers, type Tier } from "@automna/core/tiers/catalogue";
import type { Agent } from "@automna/prisma/generated/client";
import { notify, transactionLimits, type Database, type Transaction } from "./database.ts";
import { agentLeaseKey, type Lease } from "./leases.ts";

export type AgentRecord = Agent;

export interface NewAgent {
  id: string;
  userId: string;
  name: string;
  personality: string;
  modelSource: ModelSource;
  /** Its plan, or what decides on it in the transaction, before anything is written; throws when there may be no agent. */
  tier: Tier | ((tx: Transaction) => Promise<Tier>);
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
export interface AgentSummary extends Pick<AgentRecord, "id" | "desired" | "phase" | "attempts" | "retryAt"> {
  /** How it may rest now: a wake ends that. */
  rest: string;
}

export async function listAgentSummaries(db: Database): Promise<AgentSummary[]> {
  const agents = await db.agent.findMany({
    where: { phase: { not: "deleted" } },
    select: {
      id: true,
      desired: true,
      phase: true,
      attempts: true,
      retryAt: true,
      rest: true,
      restWakes: true,
      activity: { select: { wakes: true } },
    },
  });
  return agents.map(({ restWakes, activity, ...agent }) => {
    const isOver = (activity?.wakes ?? 0) !== restWakes;
    return isOver ? { ...agent, rest: "awake" } : agent;
  });
}

/**
 * Records the wish for an agent. A user has one: the same call again answers the one that is there (S10), which may
 * have other settings than asked for.
 */
export async function createAgent(
  db: Database,
  { tier: wishedTier, ...wish }: NewAgent,
  /** Runs in the same transaction when the agent is new, e.g. to audit it. */
  onNew: (tx: Transaction, agent: AgentRecord) => Promise<void> = async () => undefined,
): Promise<{ agent: AgentRecord; isNew: boolean }> {
  return db.$transaction(async (tx) => {
    const tier = typeof wishedTier === "string" ? wishedTier : await wishedTier(tx);
    // The user's row is the lock: two deploys at once are one agent.
    await tx.$queryRaw`SELECT id FROM users WHERE id = ${wish.userId} FOR UPDATE`;
    const [existing] = await listAgentsOfUser(tx, wish.userId);
    if (existing !== undefined) return { agent: existing, isNew: false };
    const agent = await tx.agent.create({ data: { ...wish, tier } });
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
  /** Runs first in the transaction, before the agent is locked; throws when the wish may not be. */
  assertAllowed?: (tx: Transaction) => Promise<void>;
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
    await change.assertAllowed?.(tx);
    const agent = await lockAgent(tx, change.agentId);
    if (change.isAlready?.(agent) === true) return agent;
    change.assertPossible(agent);
    const changed = await tx.agent.update({
      where: { id: agent.id },
      data: {
        desired: change.desired,
        ...(change.desired === "running" ? { stoppedFor: null } : {}),
        generation: change.isRestart ? agent.generation + 1 : agent.generation,
        attempts: 0,
        retryAt: null,
        // Whoever acts on an agent needs it, and tries it with all that it has.
        rest: "awake",
        isSafeMode: false,
      },
    });
    await appendAgentEvent(tx, changed, `agent.${change.isRestart ? "restart" : change.desired}_requested`, {});
    await change.onChange?.(tx, changed);
    return changed;
  }, transactionLimits);
}

/**
 * Makes the agent's wish what its owner's service says, in the caller's transaction, which holds the lock of the user's
 * billing. False = it was so already.
 */
export async function serveAgent(tx: Transaction, agentId: string, service: AgentService): Promise<boolean> {
  const agent = await lockAgent(tx, agentId);
  const change = planService(
    { desired: agent.desired, stoppedFor: toServiceStop(agent.stoppedFor), tier: toTier(agent.tier) },
    service,
  );
  if (change === null) return false;
  const { desired, stoppedFor, isNewGeneration } = change;
  const tier = change.tier ?? agent.tier;
  const changed = await tx.agent.update({
    where: { id: agent.id },
    data: {
      desired,
      stoppedFor,
      tier,
      generation: isNewGeneration ? agent.generation + 1 : agent.generation,
      attempts: 0,
      retryAt: null,
    },
  });
  if (desired !== agent.desired)
    await appendAgentEvent(tx, changed, `agent.${desired}_by_service`, { why: stoppedFor });
  if (tier !== agent.tier) await appendAgentEvent(tx, changed, "agent.tier_changed", { from: agent.tier, to: tier });
  return true;
}

/** Why the platform keeps an agent stopped, as it is stored; null = it does not. */
export function toServiceStop(text: string | null): ServiceStop | null {
  return serviceStops.find((stop) => stop === text) ?? null;
}

/** A tier that a row names; null for one that the catalogue no longer has. */
export function toTier(name: string | null): Tier | null {
  return tiers.find((tier) => tier === name) ?? null;
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
  await append(tx, agent, { type, data });
  await notify(tx, "agent_changed", { agentId: agent.id, userId: agent.userId });
}

/** The same for what `lease` was held for: when it is the agent's own, its holder is told apart from everybody else. */
export async function appendLeasedEvent(
  tx: Transaction,
  agent: AgentRecord,
  { type, data, lease }: AgentEventData & { lease: Lease },
): Promise<void> {
  await append(tx, agent, { type, data });
  const by = lease.key === agentLeaseKey(agent.id) ? { by: lease.holder } : {};
  await notify(tx, "agent_changed", { agentId: agent.id, userId: agent.userId, ...by });
}

interface AgentEventData {
  type: string;
  data: Readonly<Record<string, string | number | null>>;
}

async function append(tx: Transaction, agent: AgentRecord, { type, data }: AgentEventData): Promise<void> {
  await tx.agentEvent.create({ data: { agentId: agent.id, type, phase: agent.phase, data } });
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
