import type { WakeChoice } from "../placements/choose-wake.ts";
import type { AgentPhase } from "./agent-phase.ts";
import type { AgentReason } from "./agent-health.ts";
import type { DeployStage } from "./deploy-progress.ts";

/**
 * Every step the planner may ask for, with its arguments. The provisioner's executor table is typed by this
 * map: a step without an executor does not compile, and scenarios read the list of steps from that table.
 */
export interface AgentStepArguments {
  /** Give the agent a slot row with a port reserved on a node. */
  reserveSlot: { generation: number };
  /** Make what the slot needs on its node (folders, volume, secret). Find-or-create. */
  createSlot: { slotId: string };
  /** Start the slot's agentd for this generation of the agent. */
  startSlot: { slotId: string; generation: number };
  /** Hand identity and configuration to the running slot. */
  claimSlot: { slotId: string };
  /** Stop the slot and wait until nothing of it runs. */
  stopSlot: { slotId: string };
  /** Remove everything the slot has on its node, data included. */
  deleteSlot: { slotId: string };
  /** Give port and slot row back. */
  releaseSlot: { slotId: string };
  /** Give the agent a second slot, elsewhere, for a move. */
  reserveNextSlot: { generation: number };
  /** Make the new slot's volume the same as the old one's, checked. */
  copyVolume: { from: string; to: string };
  /** The new slot is the agent's from now on, if the old one still is; the old one is kept for a while. */
  flipMove: { from: string; to: string };
  /** Give up the move; the agent goes on where it was. */
  abandonMove: {
    reason: AgentReason;
    /** What operators read beside it. */
    detail?: string;
  };
  /** Remove a slot of the agent's that is not its present one, data included, and give its row back. */
  dropSlot: { slotId: string };
  /** Bring the resting agent nearer to a place among those that are awake on its node. */
  seekRoom: { choice: WakeChoice };
  /** Freeze the slot where it is. */
  dozeSlot: { slotId: string };
  /** Let a frozen slot go on. */
  wakeSlot: { slotId: string };
  /** Give the stopped slot another memory limit. */
  resizeSlot: { slotId: string; memoryMb: number };
  /** Keep the stopped slot's volume as it is and give the slot another image. */
  snapshotSlot: { slotId: string; snapshot: string; image: string };
  /** The new image has proven itself. */
  endUpgrade: { slotId: string };
  /** The new image has not; the one before it and its data are to come back. */
  failUpgrade: { slotId: string; reason: AgentReason };
  /** Bring image and volume back as they were. */
  restoreSlot: { slotId: string; snapshot: string };
  /** Forget a snapshot that nobody will ask for. */
  dropSnapshot: { slotId: string; snapshot: string };
  /** Move the phase with its event; routes follow in the same transaction. */
  setPhase: { to: AgentPhase; reason: AgentReason | null };
  /** Record an attempt that did not work; decides between another try and giving up. */
  recordFailure: {
    reason: AgentReason;
    /** What operators read beside it. */
    detail?: string;
  };
  /** Tell watchers how far a deploy is. */
  setStage: { stage: DeployStage };
  /** The agent has been well for a while: forget earlier attempts. */
  forgetFailures: { attempts: number };
  /** Nothing to do before `untilMs`. */
  wait: { untilMs: number };
}

export type AgentStepName = keyof AgentStepArguments;

export type AgentStep = {
  [Name in AgentStepName]: { step: Name } & AgentStepArguments[Name];
}[AgentStepName];
