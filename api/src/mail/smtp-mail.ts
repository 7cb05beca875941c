import { isIP } from "node:net";
import { SECOND_MS } from "@automna/core/shared/clock";
import { createTransport } from "nodemailer";
import { MailRefusal, type MailPort } from "./mail-port.ts";
import { toMessage } from "./to-message.ts";

const CONNECTIONS = 4;
/** A server that says nothing must not hold a place for long. */
const CONNECT_TIMEOUT_MS = 10 * SECOND_MS;
const SILENCE_TIMEOUT_MS = 30 * SECOND_MS;

export interface SmtpOptions {
  /** `smtps://user:password@host:465` or `smtp://user:password@host:587`. */
  url: string;
  from: { name: string; address: string };
  silenceTimeoutMs?: number;
}

/** Sends through an SMTP server. Never in the clear, except on this machine. */
export function makeSmtpMail({ url, from, silenceTimeoutMs = SILENCE_TIMEOUT_MS }: SmtpOptions): MailPort {
  const { protocol, hostname, port, username, password } = new URL(url);
  const isSecure = protocol === "smtps:";
  const transport = createTransport({
    pool: true,
    maxConnections: CONNECTIONS,
    host: hostname,
    port: port === "" ? (isSecure ? 465 : 587) : Number(port),
    secure: isSecure,
    requireTLS: !isSecure && !isLoopback(hostname),
    ...(username === "" ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    connectionTimeout: Math.min(CONNECT_TIMEOUT_MS, silenceTimeoutMs),
    greetingTimeout: Math.min(CONNECT_TIMEOUT_MS, silenceTimeoutMs),
    socketTimeout: silenceTimeoutMs,
  });
  return {
    outcome: "sent",
    async send(mail) {
      const message = toMessage(from, mail);
      try {
        await transport.sendMail(message);
      } catch (error) {
        throw isForGood(error) ? new MailRefusal("the mail server refused it", { cause: error }) : error;
      }
    },
    close: () => transport.close(),
  };
}

/**
 * A 5xx answer to the recipient or the content (RFC 5321, 4.2.1). To our own sign-in or greeting it says nothing about
 * the mail: an operator will put that right.
 */
function isForGood(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error) || !("responseCode" in error)) return false;
  const isAboutMail = error.code === "EENVELOPE" || error.code === "EMESSAGE";
  return isAboutMail && typeof error.responseCode === "number" && error.responseCode >= 500;
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || (isIP(hostname) === 4 && hostname.startsWith("127."));
}
