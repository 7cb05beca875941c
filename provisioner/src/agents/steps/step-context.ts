import { AppError } from "@automna/core/shared/app-error";
import type { AgentStep, AgentStepName } from "@automna/core/agents/agent-steps";
import type { Clock } from "@automna/core/shared/clock";
import type { AgentRecord } from "@automna/records/agents";
import type { Database } from "@automna/records/database";
import type { Lease } from "@automna/records/leases";
import type { SlotRecord } from "@automna/records/slots";
import type { ModelIds } from "../agent-claim.ts";
import type { AgentRuntime } from "../agent-runtime.ts";
import type { AgentdClient } from "../agentd-client.ts";
import type { SlotKeyRings } from "../slot-secrets.ts";

/** The cell whose nodes this provisioner places slots on. */
export interface PlacementCell {
  cellId: string;
  /** What its slots are: said with the cell's record. */
  runtime: "process" | "swarm";
  backendType: "local" | "remote";
  /** One machine for everything: an agent of any tier runs on it. */
  takesEveryTier: boolean;
  /** What a slot takes of its node while awake, until it has been measured, MB. */
  workingSetMb: number;
  portRestMs: number;
  /** What a boot of the image takes, CPU-seconds, as measured. */
  bootCostS: number;
  /** What slots are started from, unless their record names another. */
  image: string;
  /** False for a port that a stranger holds; where that can't be known it is not asked. */
  canUsePort?: (host: string, port: number) => Promise<boolean>;
}

export interface StepDeps {
  db: Database;
  runtime: AgentRuntime;
  agentd: AgentdClient;
  rings: SlotKeyRings;
  models: ModelIds;
  cell: PlacementCell;
  clock: Clock;
}

/** One step's surroundings; the records are as read when the step was planned. */
export interface StepContext {
  deps: StepDeps;
  lease: Lease;
  signal: AbortSignal;
  agent: AgentRecord;
  slot: SlotRecord | null;
  /** The place that a move goes to. */
  next: SlotRecord | null;
  /** Places that moves have left. */
  kept: readonly SlotRecord[];
}

export type StepOf<Name extends AgentStepName> = Extract<AgentStep, { step: Name }>;
export type StepExecutor<Name extends AgentStepName> = (step: StepOf<Name>, context: StepContext) => Promise<void>;

/** The slot that a step names: the agent's, or the one that it moves to. Throws for any other. */
export function slotOf({ slot, next }: StepContext, slotId: string): SlotRecord {
  const found = [slot, next].find((candidate) => candidate?.id === slotId);
  if (found === undefined || found === null)
    throw new AppError("slot_mismatch", "bug", `slot ${slotId} is not the agent's`);
  return found;
}

export function callOf({ lease, signal }: StepContext): { signal: AbortSignal; fencing: bigint } {
  return { signal, fencing: lease.fencing };
}
