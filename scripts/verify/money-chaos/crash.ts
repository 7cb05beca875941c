import { CrashedConnection, makeCrashingPool } from "@automna/testkit/crashing-client";
import type { Pool } from "@automna/records/pool";

/** A process that can be told to die at its n-th write, and stays dead until it is started again. */
export interface MortalProcess {
  pool: Pool;
  /** It dies at the n-th write from now: before it, or after it arrived and before the answer did. */
  arm: (write: number, when: "before" | "after") => void;
  /** Starts it again, whole. */
  restart: () => Promise<void>;
  isDead: () => boolean;
  /** Writes so far, over all lives. */
  writes: () => number;
}

const WRITE = /^\s*(insert|update|delete|with|commit)\b/i;
const CONNECTIONS = 12;

/** The database connections of one process. When one dies all do: what was open is rolled back, and nothing more is written. */
export function makeMortalProcess(connectionString: string): MortalProcess {
  let left = Infinity;
  let when: "before" | "after" = "before";
  let isDead = false;
  let writes = 0;
  const isDue = (statement: string): boolean => {
    if (!WRITE.test(statement)) return false;
    left -= 1;
    return left <= 0;
  };
  const pool = makeCrashingPool(
    { connectionString, max: CONNECTIONS },
    {
      diesBefore(statement) {
        if (WRITE.test(statement)) writes += 1;
        if (when === "before" && isDue(statement)) isDead = true;
        return isDead;
      },
      diesAfter(statement) {
        if (when === "after" && isDue(statement)) isDead = true;
        return isDead;
      },
    },
  );
  return {
    pool,
    arm(write, moment) {
      left = write;
      when = moment;
    },
    async restart() {
      left = Infinity;
      isDead = false;
      // Connections that died are replaced when they are asked for.
      for (let tries = 0; tries < CONNECTIONS * 2; tries += 1) await pool.query("SELECT 1").catch(ignoreCrash);
    },
    isDead: () => isDead,
    writes: () => writes,
  };
}

function ignoreCrash(error: unknown): void {
  if (!(error instanceof CrashedConnection) && !(error instanceof Error && "code" in error) && !isUnqueryable(error))
    throw error;
}

/** node-postgres has no code for a client whose stream is gone. */
function isUnqueryable(error: unknown): boolean {
  return error instanceof Error && /not queryable|terminated|ended/i.test(error.message);
}
