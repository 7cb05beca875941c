import pino, { type DestinationStream, type Logger, type LoggerOptions } from "pino";

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

/** An API key anywhere in a line, whole or cut: customers paste them into addresses, names and error reports. */
const API_KEY = /atm_(?:live|test)_\w*/gi;

/** One JSON line per event on standard output. Service code gets its logger passed in, never imports one. */
export function makeLog(service: string, level = "info", destination?: DestinationStream): Logger {
  const options: LoggerOptions = {
    name: service,
    level,
    redact: { paths: redact, censor: "[redacted]" },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }), bindings: ({ name }) => ({ service: name }) },
    hooks: { streamWrite: (line) => line.replaceAll(API_KEY, "atm_[redacted]") },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** A logger that says nothing, for tests. */
export function makeSilentLog(): Logger {
  return pino({ level: "silent" });
}
