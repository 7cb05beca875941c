/** Prisma: can't reach, timed out, connection closed, pool exhausted, transaction not started (its error reference, P1xxx and P20xx). */
const PRISMA_CODES = new Set(["P1001", "P1002", "P1008", "P1017", "P2024", "P2028", "P2037"]);
/** What the adapter for node-postgres calls the same. */
const ADAPTER_KINDS = new Set(["DatabaseNotReachable", "ConnectionClosed", "SocketTimeout", "TooManyConnections"]);
const SOCKET_CODES = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "ENOTFOUND", "EHOSTUNREACH"]);
/** SQLSTATE classes of a server that is stopping, starting, full or out of reach: https://www.postgresql.org/docs/18/errcodes-appendix.html */
const SERVER_AWAY = /^(08...|57P0[1-3]|53300)$/;
// node-postgres gives these no code; the texts stand in pg/lib/client.js and pg-pool.
const CODELESS =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;
const MAX_DEPTH = 8;

/** True when a query failed because the database is away for the moment, not because of the query. */
export function isDatabaseAway(error: unknown): boolean {
  for (let part = error, depth = 0; isObject(part) && depth < MAX_DEPTH; depth += 1) {
    if (saysAway(part)) return true;
    part = reasonOf(part);
  }
  return false;
}

/** What is behind an error. Of a raw query Prisma says only "P2010", with the adapter's error beside it. */
function reasonOf({ cause, meta }: Readonly<Record<string, unknown>>): unknown {
  return cause ?? (isObject(meta) ? meta["driverAdapterError"] : undefined);
}

function saysAway(part: Readonly<Record<string, unknown>>): boolean {
  const { code, kind, originalCode, message } = part;
  return (
    (typeof code === "string" && (PRISMA_CODES.has(code) || SOCKET_CODES.has(code) || SERVER_AWAY.test(code))) ||
    (typeof originalCode === "string" && SERVER_AWAY.test(originalCode)) ||
    (typeof kind === "string" && ADAPTER_KINDS.has(kind)) ||
    (typeof message === "string" && CODELESS.test(message))
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
