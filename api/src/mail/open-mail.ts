import { SECOND_MS, type Clock } from "@automna/core/shared/clock";
import type { Database } from "@automna/records/database";
import type { Pool } from "@automna/records/pool";
import type { Logger } from "@automna/service-kit/log";
import type { KeyRing } from "@automna/service-kit/secret-box";
import { mailCreditWarnings } from "../credits/mail-credit-warnings.ts";
import { makeCapturedMail } from "./captured-mail.ts";
import { composeMail } from "./compose-mail.ts";
import { makeMailWorker, type MailWorker } from "./mail-worker.ts";
import { makeSmtpMail } from "./smtp-mail.ts";

export interface MailDeps {
  smtp: { url: string; from: { name: string; address: string }; silenceTimeoutMs?: number } | null;
  folder: string | null;
  db: Database;
  pool: Pool;
  origin: string;
  keyRing: KeyRing;
  log: Logger;
  now: Clock;
  everyMs?: number;
}

const EVERY_MS = 5 * SECOND_MS;

/** The outbox's worker, over the mail server if there is one, else over the folder. */
export function openMail({ smtp, folder, everyMs = EVERY_MS, ...deps }: MailDeps): MailWorker {
  const port = smtp === null ? makeCapturedMail({ folder, log: deps.log }) : makeSmtpMail(smtp);
  const domain = smtp?.from.address.split("@")[1] ?? "localhost";
  return makeMailWorker({
    ...deps,
    port,
    compose: (mail) => composeMail({ ...deps, domain }, mail),
    collect: () => mailCreditWarnings(deps, deps.now()),
    everyMs,
  });
}
