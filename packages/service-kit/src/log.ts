import pino, { type Logger } from "pino";

export type { Logger } from "pino";

/** Field names that never reach a log line with their value (S25). */
const secretFields = [
  "authorization",
  "cookie",
  "key",
  "apiKey",
  "token",
  "secret",
  "password",
  "envelope",
  "rootKey",
  "x-api-key",
  "x-automna-internal",
  "x-automna-egress",
  "set-cookie",
];
const redact = secretFields.flatMap((field) => [`["${field}"]`, `*["${field}"]`, `*.*["${field}"]`]);

/** One JSON line per event on standard output. Service code gets its logger passed in, never imports one. */
export function makeLog(service: string, level = "info"): Logger {
  return pino({
    name: service,
    level,
    redact: { paths: redact, censor: "[redacted]" },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }), bindings: ({ name }) => ({ service: name }) },
  });
}

/** A logger that says nothing, for tests. */
export function makeSilentLog(): Logger {
  return pino({ level: "silent" });
}
