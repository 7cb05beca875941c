import type { SlotVolume } from "@automna/contract/nodekeeper";
import { appError } from "@automna/contract/error-catalogue";
import type { SlotCall, VolumeCopy } from "../agents/agent-runtime.ts";
import type { KeeperNode } from "./keeper-pools.ts";
import type { NodekeeperClient } from "./nodekeeper-client.ts";

/** Slots' volumes on the nodes of a cell, in the runtime port's words. Everything is safe to repeat. */
export interface SlotVolumes {
  /** Null: the node has none for the slot. */
  observe: (slotId: string, signal: AbortSignal) => Promise<SlotVolume | null>;
  create: (slotId: string, sizeMb: number, call: SlotCall) => Promise<void>;
  /** Throws `slot_data_missing` when the node has not this slot's own volume. */
  attach: (slotId: string, call: SlotCall) => Promise<void>;
  /** At least `sizeMb`; one that is larger stays as it is. */
  grow: (slotId: string, sizeMb: number, call: SlotCall) => Promise<void>;
  copy: (copy: VolumeCopy, call: SlotCall) => Promise<void>;
  snapshot: (slotId: string, name: string, call: SlotCall) => Promise<void>;
  restoreSnapshot: (slotId: string, name: string, call: SlotCall) => Promise<void>;
  deleteSnapshot: (slotId: string, name: string, call: SlotCall) => Promise<void>;
  delete: (slotId: string, call: SlotCall) => Promise<void>;
}

/** `findNode`: the node that a slot lies on; throws when it is not known. */
export function makeSlotVolumes(
  client: NodekeeperClient,
  findNode: (slotId: string) => Promise<KeeperNode>,
): SlotVolumes {
  const observe = async (slotId: string, signal: AbortSignal) =>
    (await client.ask(await findNode(slotId), "slot", { slotId, signal })).volume;

  return {
    observe,
    async create(slotId, sizeMb, call) {
      await client.ask(await findNode(slotId), "createVolume", { slotId, body: { sizeMb }, ...call });
    },
    async attach(slotId, call) {
      await client.ask(await findNode(slotId), "attachVolume", { slotId, ...call });
    },
    async grow(slotId, sizeMb, call) {
      const volume = await observe(slotId, call.signal);
      if (volume === null) throw appError("slot_data_missing");
      if (volume.sizeMb >= sizeMb) return;
      await client.ask(await findNode(slotId), "growVolume", { slotId, body: { sizeMb }, ...call });
    },
    async copy({ from, to }, call) {
      const source = { node: await findNode(from), slotId: from };
      const target = { node: await findNode(to), slotId: to };
      const volume = await observe(from, call.signal);
      if (volume === null) throw appError("slot_data_missing");
      const copy = copyName(from, volume);
      if ((await observe(to, call.signal))?.receivedAs !== copy)
        await client.transfer({ from: source, to: target, copy }, call);
      // It may have arrived in a call whose end nobody saw.
      await client.ask(target.node, "attachVolume", { slotId: to, ...call });
    },
    async snapshot(slotId, name, call) {
      await client.ask(await findNode(slotId), "takeSnapshot", { slotId, snapshot: name, ...call });
    },
    async restoreSnapshot(slotId, name, call) {
      await client.ask(await findNode(slotId), "restoreSnapshot", { slotId, snapshot: name, ...call });
    },
    async deleteSnapshot(slotId, name, call) {
      await client.ask(await findNode(slotId), "deleteSnapshot", { slotId, snapshot: name, ...call });
    },
    async delete(slotId, call) {
      await client.ask(await findNode(slotId), "deleteVolume", { slotId, ...call });
    },
  };
}

/** Another name once the source has run again: an outdated copy is never taken for the volume. */
export function copyName(from: string, { changedAtMs }: Pick<SlotVolume, "changedAtMs">): string {
  return `${from}-${changedAtMs}`;
}
