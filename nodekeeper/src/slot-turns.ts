/** One thing at a time for each slot: calls of a slot wait in line, different slots don't meet. */
export interface SlotTurns {
  take: <Result>(slotId: string, signal: AbortSignal, work: () => Promise<Result>) => Promise<Result>;
}

export function makeSlotTurns(): SlotTurns {
  const lastOf = new Map<string, Promise<unknown>>();
  return {
    async take(slotId, signal, work) {
      const before = lastOf.get(slotId) ?? Promise.resolve();
      const mine = before.then(async () => {
        signal.throwIfAborted();
        return await work();
      });
      const settled = mine.catch(() => undefined);
      lastOf.set(slotId, settled);
      try {
        return await mine;
      } finally {
        if (lastOf.get(slotId) === settled) lastOf.delete(slotId);
      }
    },
  };
}
