import type { Charge } from "@automna/core/credits/operations";
import { toPosted, type Posted } from "./credits.ts";
import { makeOperationBatcher, type OperationBatcherOptions } from "./operation-batcher.ts";

export interface ChargeBatcher {
  /** Resolves after the commit. Throws what chargeCredits throws. */
  charge: (charge: Omit<Charge, "type">) => Promise<Posted>;
  /** Posts what waits and takes no more. */
  close: () => Promise<void>;
}

/** Posts charges of many callers in shared transactions (operation-batcher). */
export function makeChargeBatcher(options: OperationBatcherOptions): ChargeBatcher {
  const { post, close } = makeOperationBatcher(options);
  return { charge: async (charge) => toPosted(await post({ ...charge, type: "charge" })), close };
}
