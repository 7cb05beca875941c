import { createHash } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@automna/service-kit/log";
import { createTransport } from "nodemailer";
import type { MailPort } from "./mail-port.ts";
import { toMessage } from "./to-message.ts";

/** Stands in where no mail server is configured: each mail becomes a file that any mail reader opens, and a line in the log. */
export function makeCapturedMail({ folder, log }: { folder: string | null; log: Logger }): MailPort {
  const transport = createTransport({ streamTransport: true, buffer: true });
  return {
    outcome: "captured",
    async send(mail) {
      const { message } = await transport.sendMail(toMessage({ name: "Automna", address: "automna@localhost" }, mail));
      const name = `${createHash("sha256").update(mail.messageId).digest("hex").slice(0, 24)}.eml`;
      if (folder !== null) await writeWhole(folder, name, message as Buffer);
      log.info({ subject: mail.subject, file: folder === null ? null : name }, NOT_SENT);
    },
    close: () => transport.close(),
  };
}

export const NOT_SENT = "mail not sent: no SMTP server configured";

/** Under its name only when it is complete; it is for its reader and the operator alone. */
async function writeWhole(folder: string, name: string, content: Buffer): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, name);
  await writeFile(`${path}.new`, content, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
