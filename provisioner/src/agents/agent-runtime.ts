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
  /** The node it lies on, by its id in the runtime's own world. */
  nodeId: string;
  /** What is started: an image's name, or the runtime's own word for what it has installed. */
  image: string;
  /** Limit of everything that runs in the slot, MB. */
  memoryMb: number;
  /** Processor cores that it may use at once. */
  cpus: number;
  /** Processes and threads that it may have. */
  pids: number;
  /** Size of its volume, MB. */
  volumeMb: number;
}

/** What a runtime sees of a slot without asking agentd. */
export type RuntimeSlot =
  | { kind: "absent" }
  | { kind: "stopped"; lastExit: ExitCause; endedAtMs: number | null }
  /** It is to run and its node has not begun with it. */
  | { kind: "pending"; sinceMs: number }
  /** Its node is cut off: nobody can tell whether it runs. */
  | { kind: "lost" }
  /** `isDozing`: it is frozen where it is, memory and all, and answers nobody. */
  | { kind: "running"; startedAtMs: number; isDozing: boolean };

export interface VolumeCopy {
  /** Slot whose volume is read; it does not run. */
  from: string;
  /** Slot whose volume becomes the same but for the marker; it does not run and may lie on another node. */
  to: string;
}

export interface SlotLook {
  /** A moment of performance.now() from which on a look may have been taken; by default now. */
  notBefore?: number;
  /** It has only just been started: whether it dozes need not be asked. */
  isBooting?: boolean;
}

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
  /** True: looks may share what was seen a moment ago, from `notBefore` on. */
  sharesLooks?: boolean;
  observe: (slotId: string, signal: AbortSignal, look?: SlotLook) => Promise<RuntimeSlot>;
  /** Makes what the slot needs, its volume included; what is there already is kept. */
  create: (spec: SlotSpec, call: SlotCall) => Promise<void>;
  /**
   * Starts agentd from the spec's image. Throws `slot_running` when the slot runs, `slot_data_missing` when its volume
   * is not its own, `image_missing` when the image is not there.
   */
  start: (spec: SlotSpec, call: SlotCall) => Promise<void>;
  /** Resolves when nothing of the slot runs any more, dozing or not. Throws `stop_overdue` when that can't be reached. */
  stop: (slotId: string, call: SlotCall) => Promise<void>;
  /** Freezes what runs of the slot; frozen already is fine. Throws `slot_not_running` when nothing runs. */
  doze: (slotId: string, call: SlotCall) => Promise<void>;
  /** Lets a dozing slot go on where it was; awake already is fine. Throws `slot_not_running` when nothing runs. */
  wake: (slotId: string, call: SlotCall) => Promise<void>;
  /** Gives a stopped slot the spec's limits, for its next start. Throws `slot_running`, `slot_data_missing`. */
  resize: (spec: SlotSpec, call: SlotCall) => Promise<void>;
  /**
   * Makes one slot's volume the same as another's and checks it, whatever an earlier try left. Until it has resolved
   * the target can't be started. Throws `slot_running` when either runs, `slot_data_missing` when either is not there,
   * `copy_damaged` when what has arrived is not what was read.
   */
  copyVolume: (copy: VolumeCopy, call: SlotCall) => Promise<void>;
  /**
   * Keeps the volume of a stopped slot as it is, beside it; one of that name that is complete is left as it is.
   * Throws `slot_running`, `slot_data_missing`.
   */
  snapshot: (slotId: string, name: string, call: SlotCall) => Promise<void>;
  /** The stopped slot's volume as it was then; the snapshot stays. Throws `slot_running`, `snapshot_missing`. */
  restoreSnapshot: (slotId: string, name: string, call: SlotCall) => Promise<void>;
  /** Forgets a snapshot; none of that name is fine. */
  deleteSnapshot: (slotId: string, name: string, call: SlotCall) => Promise<void>;
  /** Removes everything of the slot, its data and snapshots included, whatever is still there of it. */
  delete: (slotId: string, call: SlotCall) => Promise<void>;
  /** Ids of the slots of this installation that have anything on the node. */
  listOwned: (signal: AbortSignal) => Promise<string[]>;
  /** Calls back when a slot may have changed by itself; a hint that may be missed. Returns how to stop that. */
  onChange: (handle: (slotId: string) => void) => () => void;
}
