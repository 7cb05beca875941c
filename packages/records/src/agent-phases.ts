import { assertAdvance, type AgentPhase } from "@automna/core/agents/agent-phase";
import type { AgentReason } from "@automna/core/agents/agent-health";
import type { DeployStage } from "@automna/core/agents/deploy-progress";
import { failureOutcome } from "@automna/core/agents/retry-policy";
import { appendLeasedEvent, lockAgent, type AgentRecord } from "./agents.ts";
import { transactionLimits, type Database, type Transaction } from "./database.ts";
import { assertLease, type Lease } from "./leases.ts";
import { enqueueMail } from "./mails.ts";

/** Where an agent answers, or null while it does not. */
export type Backend = { type: "local" | "remote"; host: string; port: number } | null;

export interface PhaseMove {
  lease: Lease;
  agentId: string;
  to: AgentPhase;
  reason: AgentReason | null;
  /** What operators read beside the reason. */
  detail?: string | undefined;
  /** The slot's address: published with `ready`, withdrawn with any other phase. */
  backend: Backend;
  now: Date;
}

/** The one way a phase changes: checked against the table, with its event and route, in one transaction (S4). */
export async function advanceAgent(db: Database, move: PhaseMove): Promise<AgentRecord> {
  return db.$transaction(async (tx) => {
    await assertLease(tx, move.lease);
    const agent = await lockAgent(tx, move.agentId);
    return moveAgent(tx, agent, move);
  }, transactionLimits);
}

async function moveAgent(
  tx: Transaction,
  agent: AgentRecord,
  { lease, to, reason, detail, backend, now }: Omit<PhaseMove, "agentId">,
): Promise<AgentRecord> {
  assertAdvance(agent.phase, to);
  const published = to === "ready" ? backend : null;
  const changed = await tx.agent.update({
    where: { id: agent.id },
    data: {
      phase: to,
      phaseSince: now,
      // From here on the phase itself says whether it counts among the awake.
      admittedAt: null,
      reason,
      backendType: published?.type ?? null,
      host: published?.host ?? null,
      port: published?.port ?? null,
      ...(to === "deleted" ? { deletedAt: now } : {}),
      ...(to === "ready" || to === "starting" ? { retryAt: null } : {}),
    },
  });
  const data = { from: agent.phase, reason, ...(detail === undefined ? {} : { detail }) };
  await appendLeasedEvent(tx, changed, { type: `agent.${to}`, data, lease });
  // The first time only: a later one is the same mail.
  if (to === "ready")
    await enqueueMail(tx, {
      key: `agent-live/${agent.id}`,
      template: "agent-live",
      to: { userId: agent.userId },
      data: { agentName: agent.name },
    });
  return changed;
}

/** Records an attempt that did not work: another try later, or the end of tries. */
export async function recordAgentFailure(
  db: Database,
  failure: {
    lease: Lease;
    agentId: string;
    reason: AgentReason;
    /** What operators read beside it. */
    detail?: string | undefined;
    now: Date;
  },
): Promise<AgentRecord> {
  return db.$transaction(async (tx) => {
    await assertLease(tx, failure.lease);
    const agent = await lockAgent(tx, failure.agentId);
    const outcome = failureOutcome(agent.attempts, failure.now.getTime(), failure.reason);
    const { lease, reason, detail, now } = failure;
    const move = { lease, reason, detail, backend: null, now };
    const failing = await moveAgent(tx, agent, { ...move, to: "failing" });
    if (outcome.phase === "failed") await moveAgent(tx, failing, { ...move, reason: outcome.reason, to: "failed" });
    return tx.agent.update({
      where: { id: agent.id },
      data: {
        attempts: outcome.attempts,
        retryAt: outcome.retryAtMs === null ? null : new Date(outcome.retryAtMs),
        ...(outcome.startsSafe ? { isSafeMode: true } : {}),
      },
    });
  }, transactionLimits);
}

/** Tells watchers how far a deploy is. */
export async function setAgentStage(
  db: Database,
  change: { lease: Lease; agentId: string; stage: DeployStage; now: Date },
): Promise<void> {
  await db.$transaction(async (tx) => {
    await assertLease(tx, change.lease);
    const agent = await tx.agent.update({
      where: { id: change.agentId },
      data: { stage: change.stage, stageSince: change.now },
    });
    await appendLeasedEvent(tx, agent, { type: `agent.stage_${change.stage}`, data: {}, lease: change.lease });
  }, transactionLimits);
}

/** The agent has proven itself: earlier attempts no longer count. */
export async function forgetAgentFailures(db: Database, lease: Lease, agentId: string): Promise<void> {
  await db.$transaction(async (tx) => {
    await assertLease(tx, lease);
    await tx.agent.update({ where: { id: agentId }, data: { attempts: 0, retryAt: null } });
  }, transactionLimits);
}
