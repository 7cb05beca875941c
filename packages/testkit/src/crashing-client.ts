import pg from "pg";

export interface CrashPlan {
  /** Asked before each statement: should the connection die now? */
  diesBefore: (statement: string) => boolean;
  /** Asked after each statement that the server has carried out, its answer then being lost. */
  diesAfter: (statement: string) => boolean;
}

/** The error that a process sees whose connection went away. */
export class CrashedConnection extends Error {
  readonly code = "ECONNRESET";
}

/**
 * A pool whose connections die between two statements, as if the process or the network had ended there: the server rolls
 * back what was open, and nobody learns whether a COMMIT arrived.
 */
export function makeCrashingPool(config: pg.PoolConfig, plan: CrashPlan): pg.Pool {
  const pool = new pg.Pool(config);
  pool.on("error", () => undefined);
  pool.on("connect", (client) => {
    // The pool listens for the end of idle connections only.
    client.on("error", () => undefined);
    const send = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>;
    const die = () => {
      (client as unknown as { connection: { stream: { destroy: () => void } } }).connection.stream.destroy();
      throw new CrashedConnection("the connection died");
    };
    const ask = async (...args: unknown[]): Promise<unknown> => {
      const statement = statementOf(args[0]);
      if (plan.diesBefore(statement)) die();
      const answer = await send(...args);
      if (plan.diesAfter(statement)) die();
      return answer;
    };
    // The pool's own `query` asks with a callback, everybody else with a promise.
    const query = (...args: unknown[]): Promise<unknown> | undefined => {
      const answered = args.at(-1);
      if (typeof answered !== "function") return ask(...args);
      ask(...args.slice(0, -1)).then(
        (answer) => void answered(null, answer),
        (error: unknown) => void answered(error),
      );
      return undefined;
    };
    Object.assign(client, { query });
  });
  return pool;
}

function statementOf(query: unknown): string {
  if (typeof query === "string") return query;
  return typeof query === "object" && query !== null && "text" in query ? String(query.text) : "";
}
