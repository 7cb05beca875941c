import { once } from "node:events";
import type { AddressInfo } from "node:net";
import PostalMime, { type Email } from "postal-mime";
import { SMTPServer } from "smtp-server";

/** What happens to a mail for an address: `hang` answers nothing, `drop` cuts the connection after the data. */
export type SmtpFault = { kind: "refuse"; code: number } | { kind: "hang" } | { kind: "drop" };

export interface CapturedMail {
  /** As the envelope had it. */
  from: string;
  to: string[];
  /** Byte for byte. */
  raw: string;
  parsed: Promise<Email>;
}

export interface FakeSmtp {
  url: string;
  mails: CapturedMail[];
  /** Of one recipient, oldest first. */
  mailsTo: (address: string) => CapturedMail[];
  /** What happens to mails for this address from now on; null = they are taken. `*` = every address. */
  setFault: (address: string, fault: SmtpFault | null) => void;
  close: () => Promise<void>;
}

/** A real SMTP server on a free port of 127.0.0.1 that keeps what it gets. */
export async function startFakeSmtp(): Promise<FakeSmtp> {
  const mails: CapturedMail[] = [];
  const faults = new Map<string, SmtpFault>();
  const faultFor = (addresses: readonly string[]) =>
    faults.get("*") ?? addresses.map((address) => faults.get(address)).find((fault) => fault !== undefined);

  const server = new SMTPServer({
    // There is nothing secret in it, and no certificate that anybody would trust.
    disabledCommands: ["STARTTLS", "AUTH"],
    logger: false,
    onRcptTo({ address }, _session, callback) {
      const fault = faultFor([address]);
      if (fault?.kind === "refuse") callback(smtpError(fault.code));
      else callback();
    },
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        const fault = faultFor(to);
        if (fault?.kind === "hang") return;
        const from = session.envelope.mailFrom === false ? "" : session.envelope.mailFrom.address;
        const raw = Buffer.concat(chunks).toString("utf8");
        mails.push({ from, to, raw, parsed: PostalMime.parse(raw) });
        // Taken, but the sender never hears of it.
        if (fault?.kind === "drop") cut(server);
        else callback();
      });
    },
  });
  server.on("error", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  return {
    url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    mails,
    mailsTo: (address) => mails.filter(({ to }) => to.includes(address)),
    setFault(address, fault) {
      if (fault === null) faults.delete(address);
      else faults.set(address, fault);
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      cut(server);
      await closed;
    },
  };
}

function cut(server: SMTPServer): void {
  for (const connection of server.connections) connection.close();
}

function smtpError(responseCode: number): Error {
  return Object.assign(new Error("refused on purpose"), { responseCode });
}
