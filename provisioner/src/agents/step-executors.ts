import type { AgentStep, AgentStepName } from "@automna/core/agents/agent-steps";
import { abandonMove, copyVolume, dropSlot, flipMove, reserveNextSlot } from "./steps/move-steps.ts";
import { forgetFailures, recordFailure, setPhase, setStage, wait } from "./steps/record-steps.ts";
import {
  claimSlot,
  createSlot,
  deleteSlot,
  dozeSlot,
  releaseSlot,
  reserveSlot,
  resizeSlot,
  startSlot,
  stopSlot,
  wakeSlot,
} from "./steps/slot-steps.ts";
import { seekRoom } from "./steps/seek-room.ts";
import { dropSnapshot, endUpgrade, failUpgrade, restoreSlot, snapshotSlot } from "./steps/upgrade-steps.ts";
import type { StepContext, StepExecutor } from "./steps/step-context.ts";

/** One executor per step: a step without one does not compile, and scenarios read the list of steps from here. */
export type StepExecutors = { readonly [Name in AgentStepName]: StepExecutor<Name> };

export const stepExecutors: StepExecutors = {
  reserveSlot,
  createSlot,
  startSlot,
  claimSlot,
  stopSlot,
  deleteSlot,
  releaseSlot,
  dozeSlot,
  wakeSlot,
  resizeSlot,
  seekRoom,
  reserveNextSlot,
  copyVolume,
  flipMove,
  abandonMove,
  dropSlot,
  snapshotSlot,
  endUpgrade,
  failUpgrade,
  restoreSlot,
  dropSnapshot,
  setPhase,
  recordFailure,
  setStage,
  forgetFailures,
  wait,
};

export async function executeStep(executors: StepExecutors, step: AgentStep, context: StepContext): Promise<void> {
  // The table is typed by the step's name; TypeScript can't follow that pairing through an index.
  const execute = executors[step.step] as (step: AgentStep, context: StepContext) => Promise<void>;
  await execute(step, context);
}
