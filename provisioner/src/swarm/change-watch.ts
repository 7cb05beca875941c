import { setTimeout as sleep } from "node:timers/promises";
import { SECOND_MS } from "@automna/core/shared/clock";
import type { Logger } from "@automna/service-kit/log";
import type { CellPicture, CellPictures } from "./cell-pictures.ts";
import type { SwarmEngine } from "./swarm-engine.ts";

/** Swarm has no events for tasks: pictures are compared, at the latest this often. */
const LOOK_EVERY_MS = 2 * SECOND_MS;
/** Events come in flocks. */
const SETTLE_MS = SECOND_MS / 10;

export interface ChangeWatchOptions {
  engine: SwarmEngine;
  pictures: CellPictures;
  log: Logger;
  onChange: (slotId: string) => void;
}

/** Tells which slots changed by themselves, as a hint: what it misses the sweep finds. Returns how to stop it. */
export function watchChanges({ engine, pictures, log, onChange }: ChangeWatchOptions): () => Promise<void> {
  const stopping = new AbortController();
  const { signal } = stopping;
  let poke = Promise.withResolvers<void>();

  const look = async () => {
    let before: ReadonlyMap<string, string> | null = null;
    let notBefore = performance.now();
    while (!signal.aborted) {
      try {
        const now = statesOf(await pictures.since(notBefore, signal));
        for (const slotId of changedSlots(before ?? now, now)) onChange(slotId);
        before = now;
      } catch (error) {
        if (!signal.aborted) log.warn({ err: error }, "could not look at the cell; trying again");
      }
      await Promise.race([poke.promise, sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined)]);
      // Somebody else's picture of what the event was about will do.
      notBefore = performance.now();
      await sleep(SETTLE_MS, undefined, { signal }).catch(() => undefined);
      poke = Promise.withResolvers<void>();
    }
  };
  const listen = async () => {
    while (!signal.aborted) {
      // Without events changes are found all the same, some time later: a connection that breaks is no news.
      await engine.watch(() => poke.resolve(), signal).catch(() => undefined);
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  };
  const ended = Promise.all([look(), listen()]);
  return async () => {
    stopping.abort();
    await ended;
  };
}

/** What a slot looks like, in one word to compare. Pure. */
export function statesOf({ services, tasks, readyNodes }: CellPicture): Map<string, string> {
  return new Map(
    [...services].map(([slotId, service]) => {
      const states = (tasks.get(service.id) ?? []).map(
        ({ id, state, nodeId }) => `${id}:${state}:${nodeId === null || readyNodes.has(nodeId) ? "" : "lost"}`,
      );
      return [slotId, `${service.replicas}/${service.run}/${states.toSorted().join()}`];
    }),
  );
}

export function changedSlots(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): string[] {
  const gone = [...before.keys()].filter((slotId) => !now.has(slotId));
  return [...gone, ...[...now].flatMap(([slotId, state]) => (before.get(slotId) === state ? [] : [slotId]))];
}
