import type { Clock } from "@automna/core/shared/clock";
import { MINUTE_MS } from "@automna/core/shared/clock";
import type { Database } from "@automna/records/database";
import { claimDueMails, markMailDone, noteMailFailure, type MailRecord } from "@automna/records/mails";
import type { Logger } from "@automna/service-kit/log";
import { MailRefusal, type MailPort, type OutgoingMail } from "./mail-port.ts";

export interface MailWorkerOptions {
  db: Database;
  port: MailPort;
  compose: (mail: MailRecord) => Promise<OutgoingMail>;
  /** Writes the mails of causes that another process recorded. */
  collect: () => Promise<unknown>;
  log: Logger;
  now: Clock;
  /** Between two looks into the outbox, ms. */
  everyMs: number;
}

export interface MailWorker {
  /** Sends all that is due. Answers how many mails went out. */
  runOnce: () => Promise<number>;
  /** Waits for what is under way and stops. */
  close: () => Promise<void>;
}

const LANES = 4;
const MAILS_PER_LOOK = 20;
/** Longer than the slowest server may take over a whole look: else another worker would begin the same mail. */
const LEASE_MS = 10 * MINUTE_MS;

/**
 * Works through the outbox, a few mails side by side, so that one slow or refused recipient holds up no other. Several
 * processes may do so at once. At least once: who dies between sending and noting it sends again, under the same id.
 */
export function makeMailWorker({ db, port, compose, collect, log, now, everyMs }: MailWorkerOptions): MailWorker {
  let running: Promise<number> | null = null;
  let isClosed = false;

  const sendOne = async (mail: MailRecord): Promise<number> => {
    try {
      await port.send(await compose(mail));
    } catch (error) {
      const isFinal = error instanceof MailRefusal;
      // The kind of error, not its text: servers quote addresses.
      const failure = { error: nameOf(error), isFinal, now: new Date(now()) };
      const state = await noteMailFailure(db, mail, failure);
      log.warn({ err: error, template: mail.template, attempts: mail.attempts, state }, "mail not taken");
      return 0;
    }
    await markMailDone(db, mail.key, port.outcome, new Date(now()));
    return 1;
  };

  const runOnce = async (): Promise<number> => {
    let sent = 0;
    await collect();
    for (;;) {
      const due = await claimDueMails(db, { now: new Date(now()), limit: MAILS_PER_LOOK, leaseMs: LEASE_MS });
      const isLast = due.length < MAILS_PER_LOOK;
      const lane = async (): Promise<void> => {
        for (let mail = due.shift(); mail !== undefined; mail = due.shift()) {
          // Not `sent += await …`: that reads the sum before it waits.
          const count = await sendOne(mail);
          sent += count;
        }
      };
      await Promise.all(Array.from({ length: LANES }, lane));
      if (isLast || isClosed) return sent;
    }
  };

  const timer = setInterval(() => {
    running ??= runOnce()
      .catch((error: unknown) => {
        log.warn({ err: error }, "the outbox could not be worked through");
        return 0;
      })
      .finally(() => (running = null));
  }, everyMs);

  return {
    runOnce,
    async close() {
      isClosed = true;
      clearInterval(timer);
      await running;
      port.close();
    },
  };
}

/** `EENVELOPE 550` or the error's name. */
function nameOf(error: unknown): string {
  const known = error instanceof MailRefusal && error.cause instanceof Error ? error.cause : error;
  if (!(known instanceof Error)) return "unknown";
  const code = "code" in known && typeof known.code === "string" ? known.code : known.name;
  const response = "responseCode" in known && typeof known.responseCode === "number" ? ` ${known.responseCode}` : "";
  return `${code}${response}`;
}
