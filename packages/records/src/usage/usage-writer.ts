import type { ModelUsage } from "./model-usage.ts";

export interface UsageWriterOptions {
  /** model-usage.insertUsage, bound to a pool. */
  insert: (rows: readonly ModelUsage[]) => Promise<void>;
  /** Rows that could not be kept, or an attempt that failed and will be repeated. */
  onTrouble: (trouble: { lost: number; error: unknown }) => void;
  /** How long rows gather, ms. */
  everyMs?: number;
  /** Most rows of one statement. */
  maxBatch?: number;
  /** Rows that wait while the database is away; beyond it the oldest are lost. */
  maxWaiting?: number;
}

export interface UsageWriter {
  add: (row: ModelUsage) => void;
  /** Resolves when nothing waits any more, or after one failed attempt. */
  flush: () => Promise<void>;
  close: () => Promise<void>;
}

/** Writes usage rows in batches, beside the calls and never in their way. What they cost in credits is in the ledger before. */
export function makeUsageWriter(options: UsageWriterOptions): UsageWriter {
  const { insert, onTrouble, everyMs = 250, maxBatch = 500, maxWaiting = 50_000 } = options;
  let waiting: ModelUsage[] = [];
  let running: Promise<void> | null = null;
  let timer: NodeJS.Timeout | null = null;

  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, maxBatch);
      try {
        await insert(batch);
      } catch (error) {
        waiting = [...batch, ...waiting];
        const lost = Math.max(0, waiting.length - maxWaiting);
        waiting.splice(0, lost);
        onTrouble({ lost, error });
        return;
      }
    }
  };
  const flush = (): Promise<void> => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    running ??= write().finally(() => {
      running = null;
      if (waiting.length > 0) schedule();
    });
    return running;
  };
  const schedule = () => {
    timer ??= setTimeout(() => void flush(), everyMs);
  };

  return {
    add(row) {
      waiting.push(row);
      schedule();
    },
    flush,
    async close() {
      await flush();
      if (waiting.length > 0) await flush();
      if (timer !== null) clearTimeout(timer);
    },
  };
}
