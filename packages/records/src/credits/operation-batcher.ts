import type { LedgerOperation, OperationOutcome } from "@automna/core/credits/operations";
import { SECOND_MS } from "@automna/core/shared/clock";
import { appError } from "@automna/contract/error-catalogue";
import { setImmediate as yieldToOthers, setTimeout as sleep } from "node:timers/promises";
import type { Pool } from "pg";
import { isDatabaseAway } from "../database-errors.ts";
import { postOperations } from "./post-operations.ts";

export interface OperationBatcherOptions {
  pool: Pool;
  now: () => number;
  /** Transactions at once; the pool needs as many connections. Bigger batches beat more of them: 4 outdid 8. */
  lanes?: number;
  /** The longest that an operation waits for company, ms. */
  gatherMs?: number;
  /** Most operations of one transaction. */
  maxBatch?: number;
  /** How long a batch is tried again while the database is away, ms. */
  retryForMs?: number;
}

export interface OperationBatcher {
  /** Resolves after the commit. Operations of one customer are posted in the order in which they came. */
  post: (operation: LedgerOperation) => Promise<OperationOutcome>;
  /** Posts what waits and takes no more. */
  close: () => Promise<void>;
}

interface Waiting {
  operation: LedgerOperation;
  resolve: (outcome: OperationOutcome) => void;
  reject: (error: unknown) => void;
}

interface Lane {
  waiting: Waiting[];
  /** Settles when the lane has nothing left to do; null while it is idle. */
  running: Promise<void> | null;
}

const RETRY_DELAY_MS = 100;

/**
 * Posts operations of many callers in shared transactions. A customer's operations always take the same lane, so that one
 * busy account makes big batches instead of transactions that wait for each other. While a batch is under way the next one
 * gathers; only an operation that finds its lane idle waits, `gatherMs` at most.
 */
export function makeOperationBatcher(options: OperationBatcherOptions): OperationBatcher {
  const { lanes: laneCount = 4, gatherMs = 2, maxBatch = 500 } = options;
  const lanes: Lane[] = Array.from({ length: laneCount }, () => ({ waiting: [], running: null }));
  let isClosed = false;

  const run = async (lane: Lane): Promise<void> => {
    if (gatherMs > 0) await sleep(gatherMs);
    // At least what was asked in the same turn goes together.
    else await yieldToOthers();
    while (lane.waiting.length > 0) await settle(lane.waiting.splice(0, maxBatch), options);
    lane.running = null;
  };

  return {
    post(operation) {
      if (isClosed) return Promise.reject(appError("service_unavailable"));
      const lane = lanes[laneOf(operation.userId, laneCount)];
      if (lane === undefined) return Promise.reject(new RangeError("a batcher needs lanes"));
      return new Promise((resolve, reject) => {
        lane.waiting.push({ operation, resolve, reject });
        lane.running ??= run(lane);
      });
    },
    async close() {
      isClosed = true;
      await Promise.all(lanes.map(async ({ running }) => running));
    },
  };
}

/** Answers every caller of the batch; never rejects. */
async function settle(batch: readonly Waiting[], options: OperationBatcherOptions): Promise<void> {
  try {
    const outcomes = await postWithRetry(
      batch.map(({ operation }) => operation),
      options,
    );
    for (const [index, { resolve, reject }] of batch.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined) reject(new TypeError("an operation had no outcome"));
      else resolve(outcome);
    }
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
}

/** A connection that broke leaves open whether the batch was committed; its keys make asking again safe. */
async function postWithRetry(
  operations: readonly LedgerOperation[],
  { pool, now, retryForMs = 5 * SECOND_MS }: OperationBatcherOptions,
): Promise<OperationOutcome[]> {
  const deadline = now() + retryForMs;
  for (;;) {
    try {
      return await postOperations(pool, operations, now());
    } catch (error) {
      if (!isDatabaseAway(error) || now() >= deadline) throw error;
      await sleep(RETRY_DELAY_MS);
    }
  }
}

/** FNV-1a: spreads ids evenly and always alike. */
function laneOf(userId: string, laneCount: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < userId.length; index += 1) hash = Math.imul(hash ^ userId.charCodeAt(index), 0x01000193);
  return (hash >>> 0) % laneCount;
}
