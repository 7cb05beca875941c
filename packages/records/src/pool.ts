import pg from "pg";

export type { Pool } from "pg";

/** Plain connections, for the paths that are too hot for the ORM or keep their own transactions. Connects on first use. */
export function makePool(connectionString: string, { max }: { max: number }): pg.Pool {
  const pool = new pg.Pool({ connectionString, max });
  // An idle connection that the server closed is replaced at the next use; unheard, the event would end the process.
  pool.on("error", () => undefined);
  return pool;
}
