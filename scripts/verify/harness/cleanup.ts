import { setTimeout as sleep } from "node:timers/promises";

/** One undo that hangs must not keep the others from running. */
const UNDO_TIMEOUT_MS = 60_000;

export interface CleanupStack {
  add: (name: string, undo: () => unknown) => void;
  /** Runs everything once, last added first; answers what did not work. */
  run: () => Promise<string[]>;
}

export function makeCleanupStack(timeoutMs = UNDO_TIMEOUT_MS): CleanupStack {
  const undos: { name: string; undo: () => unknown }[] = [];
  return {
    add: (name, undo) => undos.push({ name, undo }),
    async run() {
      const problems: string[] = [];
      for (let next = undos.pop(); next !== undefined; next = undos.pop()) {
        const { name, undo } = next;
        const problem = await attempt(undo, timeoutMs);
        if (problem !== null) problems.push(`${name}: ${problem}`);
      }
      return problems;
    },
  };
}

async function attempt(undo: () => unknown, timeoutMs: number): Promise<string | null> {
  const timer = new AbortController();
  const late = sleep(timeoutMs, `took more than ${timeoutMs / 1000} s`, { signal: timer.signal }).catch(() => null);
  try {
    return await Promise.race([Promise.resolve(undo()).then(() => null), late]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    timer.abort();
  }
}
