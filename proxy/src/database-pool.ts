import type { Logger } from "@automna/service-kit/log";
import pg from "pg";

/** Connections for the proxy's few queries. None may hold a request for long: what is remembered serves meanwhile. */
export function makeDatabasePool(connectionString: string, log: Logger): pg.Pool {
  const pool = new pg.Pool({
    connectionString,
    max: 5,
    connectionTimeoutMillis: 2_000,
    query_timeout: 2_000,
    keepAlive: true,
  });
  pool.on("error", (error) => log.warn({ err: error }, "lost a database connection"));
  return pool;
}
