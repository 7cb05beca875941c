import type { SlotKeeper } from "../swarm/slot-keeper.ts";
import type { KeeperNode } from "./keeper-pools.ts";
import type { NodekeeperClient } from "./nodekeeper-client.ts";
import { makeSlotVolumes } from "./slot-volumes.ts";

export interface NodeDirectory {
  /** The node that a slot lies on. Throws when that is not known. */
  ofSlot: (slotId: string) => Promise<KeeperNode>;
  /** Throws when there is no such node. */
  byId: (nodeId: string) => Promise<KeeperNode>;
}

/** The nodekeepers of a cell as the swarm runtime wants them. */
export function makeSlotKeeper(client: NodekeeperClient, nodes: NodeDirectory): SlotKeeper {
  return {
    ...makeSlotVolumes(client, nodes.ofSlot),
    async confirmStop(slotId, graceMs, call) {
      await client.ask(await nodes.ofSlot(slotId), "confirmStop", { slotId, body: { graceMs }, ...call });
    },
    async doze(slotId, call) {
      await client.ask(await nodes.ofSlot(slotId), "doze", { slotId, ...call });
    },
    async wake(slotId, call) {
      await client.ask(await nodes.ofSlot(slotId), "wake", { slotId, ...call });
    },
    listSlots: async (nodeId, signal) => client.ask(await nodes.byId(nodeId), "listSlots", { signal }),
  };
}
