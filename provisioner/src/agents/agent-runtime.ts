import type { ExitCause } from "@automna/core/agents/observed-slot";

/** What a slot is made from; the same words for every runtime (design D3). */
export interface SlotSpec {
  slotId: string;
  /** Generation of the slot's keys. */
  keyGeneration: number;
  rootKey: Uint8Array;
  /** Where agentd listens. */
  host: string;
  port: number;
  /** Limit of everything that runs in the slot, MB. */
  memoryMb: number;
}

/** What a runtime sees of a slot without asking agentd. */
export type RuntimeSlot =
  | { kind: "absent" }
  | { kind: "stopped"; lastExit: ExitCause; endedAtMs: number | null }
  | { kind: "running"; startedAtMs: number };

export interface SlotCall {
  /** Aborted when the caller's lease is lost or the service stops. */
  signal: AbortSignal;
  /** Fencing number of the caller's lease: whoever acts on a node refuses older ones (design D17). */
  fencing: bigint;
}

/**
 * Where slots run: processes of this machine, or services of a Swarm. Everything is named by the slot's id and safe
 * to repeat. "Not there" is a value, "could not look" throws (S3).
 */
export interface AgentRuntime {
  observe: (slotId: string, signal: AbortSignal) => Promise<RuntimeSlot>;
  /** Makes what the slot needs, its volume included; what is there already is kept. */
  create: (spec: SlotSpec, call: SlotCall) => Promise<void>;
  /** Starts agentd. Throws `slot_running` when the slot runs, `slot_data_missing` when its volume is not its own. */
  start: (spec: SlotSpec, call: SlotCall) => Promise<void>;
  /** Resolves when nothing of the slot runs any more. Throws `stop_overdue` when that can't be reached. */
  stop: (slotId: string, call: SlotCall) => Promise<void>;
  /** Removes everything of the slot, its data included, whatever is still there of it. */
  delete: (slotId: string, call: SlotCall) => Promise<void>;
  /** Ids of the slots of this installation that have anything on the node. */
  listOwned: (signal: AbortSignal) => Promise<string[]>;
  /** Calls back when a slot may have changed by itself; a hint that may be missed. Returns how to stop that. */
  onChange: (handle: (slotId: string) => void) => () => void;
}
