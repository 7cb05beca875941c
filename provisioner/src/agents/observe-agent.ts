import type { ObservedSlot } from "@automna/core/agents/observed-slot";
import { agentReasons } from "@automna/core/agents/agent-health";
import type { Rest } from "@automna/core/agents/sleep-policy";
import { SECOND_MS } from "@automna/core/shared/clock";
import { chooseWake, type WakeChoice } from "@automna/core/placements/choose-wake";
import { readWake } from "@automna/records/wakes";
import { toWaking } from "../placements/placement-wish.ts";
import { trialStages, type ImageTrial, type PlanInput, type PlannedSlot } from "@automna/core/agents/plan-input";
import { findRest } from "@automna/records/activity";
import { toServiceStop, type AgentRecord } from "@automna/records/agents";
import type { SlotRecord } from "@automna/records/slots";
import { claimHash } from "@automna/service-kit/claim-hash";
import { slotLimits, toClaimRequest } from "./agent-claim.ts";
import type { ReconcileDeps } from "./reconcile-agent.ts";
import { controlKeyOf } from "./slot-secrets.ts";
import type { StepContext } from "./steps/step-context.ts";

// From records and a look at the world to what the planner decides on.

/** What starts and answers does not doze. One that is silent for longer than this might. */
const JUST_STARTED_MS = 15 * SECOND_MS;

/** What the records say; nothing has been looked at. */
export async function toPlanInput(deps: ReconcileDeps, { agent, slot, next, kept }: StepContext): Promise<PlanInput> {
  const hash = claimHash(toClaimRequest(agent, deps.models));
  const toSlot = (record: SlotRecord) => toPlannedSlot(record, hash, deps.cell.image);
  const nothing: ObservedSlot = { kind: "absent" };
  const rest = await findRest(deps.db, agent);
  const wake = slot === null ? null : await chooseOwnWake(deps, { agent, slot, rest });
  return {
    agent: {
      desired: agent.desired,
      stoppedFor: toServiceStop(agent.stoppedFor),
      generation: agent.generation,
      phase: agent.phase,
      phaseSinceMs: agent.phaseSince.getTime(),
      stage: agent.stage,
      attempts: agent.attempts,
      retryAtMs: agent.retryAt?.getTime() ?? null,
      rest,
      memoryMb: slotLimits(agent).memoryMb,
      reason: agentReasons.find((known) => known === agent.reason) ?? null,
      isMoveWished: agent.moveWishedAt !== null,
      wishedImage: agent.wishedImage,
      isSafeMode: agent.isSafeMode,
    },
    slot: slot === null ? null : toSlot(slot),
    observed: nothing,
    next: next === null ? null : { ...toSlot(next), isFilled: next.filledFrom === slot?.id, observed: nothing },
    kept: kept.map(({ id, keptUntil }) => ({ slotId: id, untilMs: keptUntil?.getTime() ?? 0 })),
    wake,
    now: deps.clock(),
  };
}

/** Of who rests and is to get up: whether its node has room for it. Everybody else costs no question. */
async function chooseOwnWake(
  deps: ReconcileDeps,
  { agent, slot, rest }: { agent: AgentRecord; slot: SlotRecord; rest: Rest },
): Promise<WakeChoice | null> {
  const isAtRest = agent.phase === "asleep" || agent.phase === "dozing";
  const isToGetUp = agent.desired === "running" && rest === "awake" && agent.moveWishedAt === null;
  if (!isToGetUp || !isAtRest) return null;
  const input = await readWake(deps.db, toWaking(deps, agent, slot));
  return input === null ? null : chooseWake(input);
}

/** Adds what is really there, as seen at `notBefore` (performance.now()) or later. Throws when one could not look (S3). */
export async function observePlaces(
  deps: ReconcileDeps,
  { slot, next, signal, notBefore }: Pick<StepContext, "slot" | "next" | "signal"> & { notBefore: number },
  input: PlanInput,
): Promise<PlanInput> {
  const { phase, phaseSinceMs } = input.agent;
  const bootingMs = phase === "starting" ? input.now - phaseSinceMs : null;
  return {
    ...input,
    observed: slot === null ? input.observed : await observeSlot(deps, { slot, notBefore, bootingMs }, signal),
    next:
      next === null || input.next === null
        ? null
        : { ...input.next, observed: await observeSlot(deps, { slot: next, notBefore }, signal) },
    now: deps.clock(),
  };
}

/** One slot as it really is, agentd's word included. Throws when one could not look (S3). */
export async function observeSlot(
  deps: Pick<ReconcileDeps, "runtime" | "agentd" | "rings">,
  { slot, notBefore, bootingMs = null }: { slot: SlotRecord; notBefore: number; bootingMs?: number | null },
  signal: AbortSignal,
): Promise<ObservedSlot> {
  const { runtime, agentd, rings } = deps;
  const isBooting = bootingMs !== null;
  const seen = await runtime.observe(slot.id, signal, { notBefore, isBooting });
  if (seen.kind !== "running") return seen;
  const { startedAtMs, isDozing } = seen;
  // A frozen agentd answers nobody: asking would only wait.
  if (isDozing) return { kind: "dozing", startedAtMs };
  const address = { slotId: slot.id, host: slot.host, port: slot.port, controlKey: controlKeyOf(rings, slot) };
  const said = await agentd.observe(address, signal);
  if (isBooting && said.kind === "silent" && bootingMs > JUST_STARTED_MS)
    return observeSlot(deps, { slot, notBefore }, signal);
  return { kind: "running", startedAtMs, agentd: said };
}

function toPlannedSlot(slot: SlotRecord, wantedClaimHash: string, runtimeImage: string): PlannedSlot {
  return {
    slotId: slot.id,
    startedGeneration: slot.startedGeneration,
    claimHash: wantedClaimHash,
    memoryMb: slot.memoryMb,
    image: slot.image ?? runtimeImage,
    trial: toTrial(slot),
  };
}

function toTrial({ trialStage, trialSnapshot, trialSince }: SlotRecord): ImageTrial | null {
  const stage = trialStages.find((known) => known === trialStage);
  if (stage === undefined || trialSnapshot === null || trialSince === null) return null;
  return { stage, snapshot: trialSnapshot, sinceMs: trialSince.getTime() };
}
