import type { SlotRecord } from "@automna/records/slots";
import { slotLimits } from "./agent-claim.ts";
import type { SlotSpec } from "./agent-runtime.ts";
import { openRootKey } from "./slot-secrets.ts";
import type { StepDeps } from "./steps/step-context.ts";

/** What a slot is made and started from: its record, and the limits of the tier that it is for. */
export function toSlotSpec(
  { rings, cell }: Pick<StepDeps, "rings" | "cell">,
  slot: SlotRecord,
  tier: string,
): SlotSpec {
  const { id: slotId, keyGeneration, host, port, nodeId } = slot;
  const rootKey = openRootKey(rings, slot);
  return {
    slotId,
    keyGeneration,
    rootKey,
    host,
    port,
    nodeId,
    image: slot.image ?? cell.image,
    ...slotLimits({ tier }),
  };
}
