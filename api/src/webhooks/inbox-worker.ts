import type { Clock } from "@automna/core/shared/clock";
import type { Database, Transaction } from "@automna/records/database";
import { handleNextEvent, listDueSubjects, type InboxEventRecord, type InboxSource } from "@automna/records/inbox";
import type { Logger } from "@automna/service-kit/log";

/** Does in the given transaction what an event of this vendor calls for. Throws when it can't; then it is tried again. */
export type HandleInboxEvent = (tx: Transaction, event: InboxEventRecord) => Promise<void>;

/** Of a vendor that is not configured: its events wait until it is. */
export const refuseEvent: HandleInboxEvent = () => {
  throw new Error("this vendor is not configured");
};

export interface InboxWorkerOptions {
  db: Database;
  log: Logger;
  now: Clock;
  handlers: Readonly<Record<InboxSource, HandleInboxEvent>>;
  /** Between two looks without a poke, ms. */
  everyMs: number;
}

export interface InboxWorker {
  /** There is something new. */
  poke: () => void;
  /** Handles all that is due. Answers how many events were done. */
  runOnce: () => Promise<number>;
  /** Waits for what is under way and stops. */
  close: () => Promise<void>;
}

const SUBJECTS_AT_ONCE = 4;
const SUBJECTS_PER_LOOK = 100;

/** Works through the inbox: subjects side by side, the events of one after another. Several processes may do so at once. */
export function makeInboxWorker({ db, log, now, handlers, everyMs }: InboxWorkerOptions): InboxWorker {
  let running: Promise<number> | null = null;
  let isPoked = false;
  let isClosed = false;

  const drainSubject = async (source: InboxSource, subject: string): Promise<number> => {
    for (let done = 0; ; done += 1) {
      if (isClosed) return done;
      const outcome = await handleNextEvent(
        db,
        { source, subject },
        {
          now: () => new Date(now()),
          handle: handlers[source],
          onFailure: (event, error) =>
            log.warn(
              { err: error, source, type: event.type, inboxId: String(event.id), attempts: event.attempts + 1 },
              "inbox event failed",
            ),
        },
      );
      if (outcome !== "done") return done;
    }
  };

  const look = async (): Promise<number> => {
    const queue = await listDueSubjects(db, new Date(now()), SUBJECTS_PER_LOOK);
    const lane = async (): Promise<number> => {
      let done = 0;
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        done += await drainSubject(next.source, next.subject);
      }
      return done;
    };
    const counts = await Promise.all(Array.from({ length: SUBJECTS_AT_ONCE }, lane));
    return counts.reduce((sum, done) => sum + done, 0);
  };

  const runOnce = async (): Promise<number> => {
    isPoked = false;
    const done = await look();
    // What came meanwhile, and what stood behind the heads of the queues.
    const isMore = (isPoked || done > 0) && !isClosed;
    return isMore ? done + (await runOnce()) : done;
  };

  const start = () => {
    if (isClosed) return;
    if (running !== null) {
      isPoked = true;
      return;
    }
    running = runOnce()
      .catch((error: unknown) => {
        log.warn({ err: error }, "the inbox could not be read");
        return 0;
      })
      .finally(() => (running = null));
  };
  const timer = setInterval(start, everyMs);

  return {
    poke: start,
    runOnce,
    async close() {
      isClosed = true;
      clearInterval(timer);
      await running;
    },
  };
}
