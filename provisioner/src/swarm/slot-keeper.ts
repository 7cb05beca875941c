import type { SlotContainer } from "@automna/contract/nodekeeper";
import { AppError } from "@automna/core/shared/app-error";
import type { SlotCall, VolumeCopy } from "../agents/agent-runtime.ts";

/**
 * What no manager API reaches (design D17): slots' volumes, and what really runs on their nodes. Slots are named by id;
 * whoever implements this knows their nodes. Every call may be repeated; a node that does not answer throws, it is never
 * "not there" (S3).
 */
export interface SlotKeeper {
  /** Find-or-create, attached, with the slot's marker. */
  create: (slotId: string, sizeMb: number, call: SlotCall) => Promise<void>;
  /** Throws `slot_data_missing` when the node has not this slot's own volume. */
  attach: (slotId: string, call: SlotCall) => Promise<void>;
  /** At least `sizeMb`; one that is larger stays as it is. */
  grow: (slotId: string, sizeMb: number, call: SlotCall) => Promise<void>;
  copy: (copy: VolumeCopy, call: SlotCall) => Promise<void>;
  snapshot: (slotId: string, name: string, call: SlotCall) => Promise<void>;
  restoreSnapshot: (slotId: string, name: string, call: SlotCall) => Promise<void>;
  deleteSnapshot: (slotId: string, name: string, call: SlotCall) => Promise<void>;
  /** With its snapshots, and the engine's volume and ended containers of the slot. */
  delete: (slotId: string, call: SlotCall) => Promise<void>;
  /** Resolves when nothing of the slot runs on its node; kills what is left after the grace. Throws `stop_overdue`. */
  confirmStop: (slotId: string, graceMs: number, call: SlotCall) => Promise<void>;
  doze: (slotId: string, call: SlotCall) => Promise<void>;
  wake: (slotId: string, call: SlotCall) => Promise<void>;
  /** What a node has of slots; the container is null where a slot has none. */
  listSlots: (
    nodeId: string,
    signal: AbortSignal,
  ) => Promise<readonly { slotId: string; container: SlotContainer | null }[]>;
}

/** For a cell without nodekeepers: nothing can be made there, and it says so. */
export const noSlotKeeper: SlotKeeper = {
  create: refuse,
  attach: refuse,
  grow: refuse,
  copy: refuse,
  snapshot: refuse,
  restoreSnapshot: refuse,
  deleteSnapshot: refuse,
  delete: refuse,
  confirmStop: refuse,
  doze: refuse,
  wake: refuse,
  listSlots: refuse,
};

async function refuse(): Promise<never> {
  throw new AppError("no_nodekeeper", "bug", "the cell has no nodekeepers: PROVISIONER_KEEPER_* is not set");
}
