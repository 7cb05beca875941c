import type { AgentReason } from "@automna/core/agents/agent-health";
import type { AgentPhase } from "@automna/core/agents/agent-phase";
import type { AgentStep } from "@automna/core/agents/agent-steps";
import { planAgent, planFailure, planUnobserved } from "@automna/core/agents/plan-agent";
import type { PlanInput } from "@automna/core/agents/plan-input";
import { isAppError } from "@automna/core/shared/app-error";
import { SECOND_MS } from "@automna/core/shared/clock";
import { findAgent } from "@automna/records/agents";
import { agentLeaseKey, type Lease } from "@automna/records/leases";
import { findPlaces } from "@automna/records/slots";
import type { Logger } from "@automna/service-kit/log";
import type { Boot } from "./boot-news.ts";
import { isOurOutage, reasonForError } from "./failure-reason.ts";
import { observePlaces, toPlanInput } from "./observe-agent.ts";
import { holdLease, leaseTaken, type LeaseTerms } from "./hold-lease.ts";
import { executeStep, type StepExecutors } from "./step-executors.ts";
import type { StartGate } from "./start-gate.ts";
import { controlKeyOf } from "./slot-secrets.ts";
import { slotOf, type StepContext, type StepDeps } from "./steps/step-context.ts";

export type ReconcileOutcome =
  /** As wished; nothing to do until somebody wishes otherwise. */
  | { kind: "settled" }
  /** `boot`: what may be over before, and how to hear of it. */
  | { kind: "wait"; untilMs: number; boot?: Boot }
  /** Another worker has the agent's lease. */
  | { kind: "busy" };

export interface ReconcileDeps extends StepDeps {
  executors: StepExecutors;
  lease: LeaseTerms;
  startGate: StartGate;
  log: Logger;
}

/** More rounds than any way through the phases has: a planner that turns in circles must not eat the machine. */
const MAX_ROUNDS = 60;
/** How soon a slot asks again that may not start yet. */
const GATE_POLL_MS = SECOND_MS / 2;
const UNSETTLED_RETRY_MS = 5 * SECOND_MS;
/** How old a shared look may be for an agent that is as wished, and for one on its way: many looks make one picture. */
const SETTLED_AGE_MS = SECOND_MS;
const MOVING_AGE_MS = SECOND_MS / 5;
const settledPhases: ReadonlySet<AgentPhase> = new Set(["ready", "dozing", "asleep", "failed"]);

export type ReconcileAgent = (agentId: string, signal: AbortSignal) => Promise<ReconcileOutcome>;

/**
 * Returns what brings one agent from what is to what is wished, as far as that goes without waiting. A step that fails
 * is recorded with the agent; throws only when the database can't be asked, or `signal` is aborted.
 */
export function makeReconcileAgent(deps: ReconcileDeps): ReconcileAgent {
  return async (agentId, signal) => {
    const outcome = await holdLease(deps.lease, agentLeaseKey(agentId), signal, (lease, working) => {
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
    const places = await findPlaces(deps.db, agent);
    const context: StepContext = { deps, lease, signal, agent, ...places };
    const { steps, input } = await planSteps(deps, context, { heldSince, round });
    if (steps.length === 0) return { kind: "settled" };
    const outcome = await executeSteps(deps, steps, context, input);
    if (outcome !== null) return outcome;
  }
  deps.log.warn({ agentId, rounds: MAX_ROUNDS }, "an agent does not settle");
  return { kind: "wait", untilMs: deps.clock() + UNSETTLED_RETRY_MS };
}

interface Planned {
  steps: AgentStep[];
  /** The picture that says so. */
  input: PlanInput;
}

/** What is to be done. `heldSince`: since when nobody else works on the agent, by performance.now(). */
async function planSteps(
  deps: ReconcileDeps,
  context: StepContext,
  { heldSince, round }: { heldSince: number; round: number },
): Promise<Planned> {
  const ageMs = settledPhases.has(context.agent.phase) ? SETTLED_AGE_MS : MOVING_AGE_MS;
  const youngEnough = performance.now() - ageMs;
  // From the second round on something is being done, and only what was seen since the lease will do.
  const notBefore = round === 0 ? youngEnough : Math.max(youngEnough, heldSince);
  const planned = await planSince(deps, context, notBefore);
  // What was seen may be another worker's doing, as it was before we held the lease. Nothing is done on that.
  const isIdle = planned.steps.every(({ step }) => step === "wait");
  const isOwn = deps.runtime.sharesLooks !== true || notBefore >= heldSince;
  return isIdle || isOwn ? planned : planSince(deps, context, heldSince);
}

async function planSince(deps: ReconcileDeps, context: StepContext, notBefore: number): Promise<Planned> {
  const { agent, slot, signal } = context;
  const blind = await toPlanInput(deps, context);
  try {
    const input = await observePlaces(deps, { ...context, notBefore }, blind);
    return { steps: planAgent(input), input };
  } catch (error) {
    signal.throwIfAborted();
    deps.log.error({ err: error, agentId: agent.id, slotId: slot?.id }, "could not look at the slot");
    return { steps: planUnobserved(blind), input: blind };
  }
}

/** Runs the steps in order; null = look again. A failure ends the round and is recorded. */
async function executeSteps(
  deps: ReconcileDeps,
  steps: AgentStep[],
  context: StepContext,
  input: PlanInput,
): Promise<ReconcileOutcome | null> {
  for (const step of steps) {
    context.signal.throwIfAborted();
    if (step.step === "startSlot" && !mayStart(deps, context, step.slotId))
      return { kind: "wait", untilMs: deps.clock() + GATE_POLL_MS };
    try {
      await executeStep(deps.executors, step, context);
    } catch (error) {
      // Not the agent's failure: ours, or the database's. Whoever looks next sees what was reached.
      if (context.signal.aborted || isOvertaken(error) || isOurOutage(error)) throw error;
      const { agent } = context;
      deps.log.error({ err: error, agentId: agent.id, slotId: context.slot?.id, step: step.step }, "a step failed");
      leaveGate(deps, context);
      const { reason, detail } = failureOf(error);
      const answer = planFailure(input, step.step, reason);
      if (answer.step === "wait") return { kind: "wait", untilMs: answer.untilMs };
      await executeStep(deps.executors, { ...answer, ...(detail === undefined ? {} : { detail }) }, context);
      return null;
    }
    if (step.step === "wait") return { kind: "wait", untilMs: step.untilMs, ...bootOf(deps, context, input) };
    // Ready, given up, stopped or gone elsewhere: whatever was booting boots no more.
    if (step.step !== "startSlot" && step.step !== "claimSlot" && step.step !== "setStage") leaveGate(deps, context);
    deps.log.debug({ agentId: context.agent.id, ...step }, "step done");
  }
  return null;
}

/** An agent that waits for its slot to come up hears of it from agentd, before the next look. */
function bootOf({ rings }: ReconcileDeps, { slot }: StepContext, { agent, observed, now }: PlanInput): { boot?: Boot } {
  if (agent.phase !== "starting" || slot === null) return {};
  if (observed.kind !== "running" && observed.kind !== "pending") return {};
  const { id: slotId, host, port } = slot;
  const address = { slotId, host, port, controlKey: controlKeyOf(rings, slot) };
  const seen = observed.kind === "running" ? observed.agentd : ({ kind: "silent" } as const);
  return { boot: { address, seen, waitedMs: now - agent.phaseSinceMs } };
}

function mayStart({ startGate, cell }: ReconcileDeps, context: StepContext, slotId: string): boolean {
  const { nodeId } = slotOf(context, slotId);
  return startGate.tryEnter({ nodeId, slotId, cost: cell.bootCostS, isForPerson: true });
}

function leaveGate({ startGate }: ReconcileDeps, { slot, next }: StepContext): void {
  for (const place of [slot, next]) if (place !== null) startGate.leave(place.id);
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
