import { once } from "node:events";
import { createServer } from "node:net";
import { AppError } from "@automna/core/shared/app-error";

/** Returns a function that runs `work` alone per slot; others wait their turn. Within this process. */
export function makeSlotLock(): <Result>(slotId: string, work: () => Promise<Result>) => Promise<Result> {
  const last = new Map<string, Promise<unknown>>();
  return async (slotId, work) => {
    const before = last.get(slotId) ?? Promise.resolve();
    const turn = before.then(work, work);
    const settled = turn.catch(() => undefined);
    last.set(slotId, settled);
    try {
      return await turn;
    } finally {
      if (last.get(slotId) === settled) last.delete(slotId);
    }
  };
}

/**
 * Runs `work` while no other process of this machine does so for the slot: two provisioners that both believe in
 * their lease still start one agentd. The kernel gives the name back whatever becomes of us. Linux only, where names
 * without a file exist (unix(7)). Throws `slot_running` when another one is at it.
 */
export async function withMachineLock<Result>(slotId: string, work: () => Promise<Result>): Promise<Result> {
  if (process.platform !== "linux") return work();
  const server = createServer();
  try {
    server.listen(`\0automna-start-${slotId}`);
    await once(server, "listening");
  } catch (cause) {
    throw new AppError("slot_running", "conflict", `${slotId} is being started by another process`, { cause });
  }
  try {
    return await work();
  } finally {
    server.close();
  }
}
