import type { ServiceStop } from "../billing/service.ts";
import type { WakeChoice } from "../placements/choose-wake.ts";
import type { AgentReason } from "./agent-health.ts";
import type { AgentPhase } from "./agent-phase.ts";
import type { DesiredState } from "./agent-spec.ts";
import type { DeployStage } from "./deploy-progress.ts";
import type { ObservedSlot } from "./observed-slot.ts";
import type { Rest } from "./sleep-policy.ts";

/** The part of an agent's record that decides. */
export interface PlannedAgent {
  desired: DesiredState;
  /** Why the platform wants it stopped; null = its owner does. */
  stoppedFor: ServiceStop | null;
  generation: number;
  phase: AgentPhase;
  phaseSinceMs: number;
  stage: DeployStage;
  attempts: number;
  retryAtMs: number | null;
  /** What the platform lets it do while nobody needs it; a request for it ends that. */
  rest: Rest;
  /** Limit of its slot as its tier says, MB. */
  memoryMb: number;
  /** What watchers were told last. */
  reason: AgentReason | null;
  /** Somebody wants it elsewhere, and that has not happened. */
  isMoveWished: boolean;
  /** Image that it is to run; null = whichever its slot has. */
  wishedImage: string | null;
  /** It kept crashing and starts without what its owner has added. */
  isSafeMode: boolean;
}

/**
 * A trial of another image. `trying`: the slot has it and has not proven itself; `restoring`: it did not, and the
 * snapshot and the image before it come back; `done`: only the snapshot is left to forget.
 */
export const trialStages = ["trying", "restoring", "done"] as const;
export interface ImageTrial {
  stage: (typeof trialStages)[number];
  snapshot: string;
  sinceMs: number;
}

/** The agent's slot as recorded; `startedGeneration` is the agent's generation it was last started for. */
export interface PlannedSlot {
  slotId: string;
  startedGeneration: number | null;
  /** Fingerprint of the claim that the agent's present spec asks for. */
  claimHash: string;
  /** Limit that it was made or last resized with, MB. */
  memoryMb: number;
  image: string;
  trial: ImageTrial | null;
}

/** The place that a move goes to. */
export interface NextSlot extends PlannedSlot {
  /** The volume has arrived there and was checked. */
  isFilled: boolean;
  observed: ObservedSlot;
}

/** The place that a move came from, with its data. */
export interface KeptSlot {
  slotId: string;
  untilMs: number;
}

export interface PlanInput {
  agent: PlannedAgent;
  slot: PlannedSlot | null;
  /** What is there for `slot`; ignored without one. */
  observed: ObservedSlot;
  next: NextSlot | null;
  kept: readonly KeptSlot[];
  /** What its getting up means for its node; null = it does not get up, has its place already, or nobody counts there. */
  wake: WakeChoice | null;
  now: number;
}
