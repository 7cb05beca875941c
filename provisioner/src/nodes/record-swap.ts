import type { Database } from "@automna/records/database";
import { listNodes, recordNodeSwap } from "@automna/records/nodes";
import type { Logger } from "@automna/service-kit/log";

export interface SwapRecordingDeps {
  db: Database;
  cellId: string;
  /** How much swap a node has, MB, as its nodekeeper says. */
  readSwapMb: (nodeId: string, signal: AbortSignal) => Promise<number>;
  log: Logger;
}

/** Returns one turn: what each node has of swap is written down. Of one that does not answer stays what is known. */
export function makeSwapRecording({ db, cellId, readSwapMb, log }: SwapRecordingDeps) {
  return async (signal: AbortSignal): Promise<void> => {
    const nodes = (await listNodes(db, cellId)).filter(
      ({ keeperUrl, lostSince }) => keeperUrl !== null && lostSince === null,
    );
    await Promise.all(
      nodes.map(async ({ id: nodeId, name, swapMb: known }) => {
        try {
          const swapMb = await readSwapMb(nodeId, signal);
          if (swapMb === known) return;
          await recordNodeSwap(db, { nodeId, swapMb });
          if (swapMb === 0) log.warn({ nodeId, node: name }, "a node has no swap: what dozes there keeps its memory");
        } catch (error) {
          signal.throwIfAborted();
          log.warn({ err: error, nodeId, node: name }, "a node does not say how much swap it has");
        }
      }),
    );
  };
}
