import type { AgentReason } from "@automna/core/agents/agent-health";
import type { AgentPhase } from "@automna/core/agents/agent-phase";
import type { AgentStep } from "@automna/core/agents/agent-steps";
import type { ObservedSlot } from "@automna/core/agents/observed-slot";
import { planAgent, planUnobserved, type PlannedAgent, type PlannedSlot } from "@automna/core/agents/plan-agent";
import { toServiceStop } from "@automna/records/agents";
import { isAppError } from "@automna/core/shared/app-error";
import { SECOND_MS } from "@automna/core/shared/clock";
import { findAgent, type AgentRecord } from "@automna/records/agents";
import type { Lease } from "@automna/records/leases";
import { findSlotOfAgent, type SlotRecord } from "@automna/records/slots";
import { claimHash } from "@automna/service-kit/claim-hash";
import type { Logger } from "@automna/service-kit/log";
import { toClaimRequest } from "./agent-claim.ts";
import { isOurOutage, reasonForError } from "./failure-reason.ts";
import { holdLease, leaseTaken, type LeaseTerms } from "./hold-lease.ts";
import { controlKeyOf } from "./slot-secrets.ts";
import { executeStep, type StepExecutors } from "./step-executors.ts";
import type { StepContext, StepDeps } from "./steps/step-context.ts";

export type ReconcileOutcome =
  /** As wished; nothing to do until somebody wishes otherwise. */
  | { kind: "settled" }
  | { kind: "wait"; untilMs: number }
  /** Another worker has the agent's lease. */
  | { kind: "busy" };

export interface ReconcileDeps extends StepDeps {
  executors: StepExecutors;
  lease: LeaseTerms;
  log: Logger;
}

/** More rounds than any way through the phases has: a planner that turns in circles must not eat the machine. */
const MAX_ROUNDS = 60;
/** How old a shared look may be for an agent that is as wished, and for one on its way: many looks make one picture. */
const SETTLED_AGE_MS = SECOND_MS;
const MOVING_AGE_MS = SECOND_MS / 5;
const settledPhases: ReadonlySet<AgentPhase> = new Set(["ready", "dozing", "asleep", "failed"]);
/** Deleting has no budget of attempts: it is tried until it works. */
const DELETE_RETRY_MS = 5 * SECOND_MS;

export type ReconcileAgent = (agentId: string, signal: AbortSignal) => Promise<ReconcileOutcome>;

/**
 * Returns what brings one agent from what is to what is wished, as far as that goes without waiting. A step that fails
 * is recorded with the agent; throws only when the database can't be asked, or `signal` is aborted.
 */
export function makeReconcileAgent(deps: ReconcileDeps): ReconcileAgent {
  return async (agentId, signal) => {
    const outcome = await holdLease(deps.lease, `agent:${agentId}`, signal, (lease, working) => {
      return reconcile(deps, agentId, lease, working);
    });
    return outcome === leaseTaken ? { kind: "busy" } : outcome;
  };
}

async function reconcile(
  deps: ReconcileDeps,
  agentId: string,
  lease: Lease,
  signal: AbortSignal,
): Promise<ReconcileOutcome> {
  const heldSince = performance.now();
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    signal.throwIfAborted();
    const agent = await findAgent(deps.db, agentId);
    if (agent === null || agent.phase === "deleted") return { kind: "settled" };
    const slot = await findSlotOfAgent(deps.db, agentId);
    const steps = await plan(deps, { agent, slot, heldSince }, signal);
    if (steps.length === 0) return { kind: "settled" };
    const outcome = await executeSteps(deps, steps, { deps, lease, signal, agent, slot });
    if (outcome !== null) return outcome;
  }
  deps.log.warn({ agentId, rounds: MAX_ROUNDS }, "an agent does not settle");
  return { kind: "wait", untilMs: deps.clock() + DELETE_RETRY_MS };
}

interface PlannedLook {
  agent: AgentRecord;
  slot: SlotRecord | null;
  /** Since when nobody else works on the agent, by performance.now(). */
  heldSince: number;
}

async function plan(deps: ReconcileDeps, look: PlannedLook, signal: AbortSignal): Promise<AgentStep[]> {
  const isSettled = settledPhases.has(look.agent.phase);
  const steps = await planSince(deps, look, performance.now() - (isSettled ? SETTLED_AGE_MS : MOVING_AGE_MS), signal);
  // What was seen may be another worker's doing, as it was before we held the lease. Nothing is done on that.
  const isIdle = steps.every(({ step }) => step === "wait");
  return isIdle || deps.runtime.sharesLooks !== true ? steps : planSince(deps, look, look.heldSince, signal);
}

async function planSince(
  deps: ReconcileDeps,
  { agent, slot }: PlannedLook,
  notBefore: number,
  signal: AbortSignal,
): Promise<AgentStep[]> {
  let observed: ObservedSlot;
  try {
    observed = slot === null ? { kind: "absent" } : await observeSlot(deps, { slot, notBefore }, signal);
  } catch (error) {
    signal.throwIfAborted();
    deps.log.error({ err: error, agentId: agent.id, slotId: slot?.id }, "could not look at the slot");
    return planUnobserved({ agent: toPlannedAgent(agent), now: deps.clock() });
  }
  const plannedSlot = slot === null ? null : toPlannedSlot(slot, claimHash(toClaimRequest(agent, deps.models)));
  return planAgent({ agent: toPlannedAgent(agent), slot: plannedSlot, observed, now: deps.clock() });
}

/** Runs the steps in order; null = look again. A failure ends the round and is recorded. */
async function executeSteps(
  deps: ReconcileDeps,
  steps: AgentStep[],
  context: StepContext,
): Promise<ReconcileOutcome | null> {
  for (const step of steps) {
    context.signal.throwIfAborted();
    if (step.step === "wait") return { kind: "wait", untilMs: step.untilMs };
    try {
      await executeStep(deps.executors, step, context);
    } catch (error) {
      // Not the agent's failure: ours, or the database's. Whoever looks next sees what was reached.
      if (context.signal.aborted || isOvertaken(error) || isOurOutage(error)) throw error;
      const { agent } = context;
      deps.log.error({ err: error, agentId: agent.id, slotId: context.slot?.id, step: step.step }, "a step failed");
      if (agent.phase === "deleting") return { kind: "wait", untilMs: deps.clock() + DELETE_RETRY_MS };
      await executeStep(deps.executors, { step: "recordFailure", ...failureOf(error) }, context);
      return null;
    }
    deps.log.debug({ agentId: context.agent.id, ...step }, "step done");
  }
  return null;
}

/** Somebody newer has the agent: Postgres says so of the lease, a node of the fencing number. */
function isOvertaken(error: unknown): boolean {
  return isAppError(error, "lease_lost") || isAppError(error, "fencing_outdated");
}

/** Our own errors say in words of ours what was the matter; others' may say anything, and are in the log alone. */
function failureOf(error: unknown): { reason: AgentReason; detail?: string } {
  const reason = reasonForError(error);
  return isAppError(error) ? { reason, detail: error.message } : { reason };
}

async function observeSlot(
  { runtime, agentd, rings }: ReconcileDeps,
  { slot, notBefore }: { slot: SlotRecord; notBefore: number },
  signal: AbortSignal,
): Promise<ObservedSlot> {
  const seen = await runtime.observe(slot.id, signal, notBefore);
  if (seen.kind !== "running") return seen;
  const address = { slotId: slot.id, host: slot.host, port: slot.port, controlKey: controlKeyOf(rings, slot) };
  return { ...seen, agentd: await agentd.observe(address, signal) };
}

function toPlannedAgent({
  desired,
  stoppedFor,
  generation,
  phase,
  phaseSince,
  stage,
  attempts,
  retryAt,
}: AgentRecord): PlannedAgent {
  return {
    desired,
    stoppedFor: toServiceStop(stoppedFor),
    generation,
    phase,
    phaseSinceMs: phaseSince.getTime(),
    stage,
    attempts,
    retryAtMs: retryAt?.getTime() ?? null,
  };
}

function toPlannedSlot(slot: SlotRecord, wantedClaimHash: string): PlannedSlot {
  return { slotId: slot.id, startedGeneration: slot.startedGeneration, claimHash: wantedClaimHash };
}
