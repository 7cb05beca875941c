import { MINUTE_MS, type Clock } from "@automna/core/shared/clock";
import type { Database } from "@automna/records/database";
import { recordRefusals, type InboxSource } from "@automna/records/inbox";
import type { Logger } from "@automna/service-kit/log";

export interface RefusalCounter {
  count: (source: InboxSource, reason: string) => void;
  /** Resolves when everything counted so far is written, or could not be. */
  flushed: () => Promise<void>;
}

/**
 * Counts refused deliveries into the database, at most one write at a time: a flood of forgeries costs one row and a few
 * writes, whatever its size.
 */
export function makeRefusalCounter({ db, log, now }: { db: Database; log: Logger; now: Clock }): RefusalCounter {
  const waiting = new Map<string, { source: InboxSource; reason: string; count: number }>();
  let writing: Promise<void> | null = null;

  const write = async (): Promise<void> => {
    while (waiting.size > 0) {
      const batch = [...waiting.values()];
      waiting.clear();
      const minute = new Date(Math.floor(now() / MINUTE_MS) * MINUTE_MS);
      for (const refused of batch) {
        await recordRefusals(db, { ...refused, minute }).catch((error: unknown) =>
          log.warn({ err: error }, "refused deliveries could not be counted"),
        );
      }
    }
    writing = null;
  };

  return {
    count(source, reason) {
      const key = `${source} ${reason}`;
      const known = waiting.get(key);
      if (known === undefined) waiting.set(key, { source, reason, count: 1 });
      else known.count += 1;
      writing ??= write();
    },
    flushed: async () => (writing === null ? undefined : await writing),
  };
}
