import { setTimeout as sleep } from "node:timers/promises";
import { SECOND_MS } from "@automna/core/shared/clock";
import type { Logger } from "@automna/service-kit/log";
import type { RuntimeSlot } from "../agents/agent-runtime.ts";
import type { CellPicture, CellPictures } from "./cell-pictures.ts";
import { observeService } from "./observe-service.ts";
import type { SwarmEngine } from "./swarm-engine.ts";

/** Swarm has no events for tasks: pictures are compared, at the latest this often. */
const LOOK_EVERY_MS = 2 * SECOND_MS;
/** Events come in flocks. */
const SETTLE_MS = SECOND_MS / 10;
/** On a crowded cell a picture takes long: the watch is to be a fifth of somebody's work at most. */
const REST_PER_LOOK = 4;

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
  const pause = (ms: number) => sleep(ms, undefined, { signal }).catch(() => undefined);
  let poke = Promise.withResolvers<void>();

  /** The newest event, by performance.now(): somebody else's picture from later on will do. */
  let notBefore = performance.now();

  const look = async () => {
    let before: ReadonlyMap<string, string> | null = null;
    while (!signal.aborted) {
      const beganAt = performance.now();
      try {
        const now = statesOf(await pictures.since(notBefore, signal));
        for (const slotId of changedSlots(before ?? now, now)) onChange(slotId);
        before = now;
      } catch (error) {
        if (!signal.aborted) log.warn({ err: error }, "could not look at the cell; trying again");
      }
      const restMs = Math.max(SETTLE_MS, REST_PER_LOOK * (performance.now() - beganAt));
      await Promise.race([poke.promise, pause(LOOK_EVERY_MS)]);
      notBefore = performance.now();
      await pause(Math.min(LOOK_EVERY_MS, restMs));
      poke = Promise.withResolvers<void>();
    }
  };
  const listen = async () => {
    while (!signal.aborted) {
      const onEvent = () => {
        notBefore = performance.now();
        poke.resolve();
      };
      // Without events changes are found all the same, some time later: a connection that breaks is no news.
      await engine.watch(onEvent, signal).catch(() => undefined);
      await pause(LOOK_EVERY_MS);
    }
  };
  const ended = Promise.all([look(), listen()]);
  return async () => {
    stopping.abort();
    await ended;
  };
}

/** What a slot looks like to whoever decides on it, in one word to compare: on its way a task has seven states, all alike. Pure. */
export function statesOf({ services, tasks, readyNodes }: CellPicture): Map<string, string> {
  return new Map(
    [...services].map(([slotId, service]) => {
      const ownTasks = tasks.get(service.id) ?? [];
      return [slotId, wordFor(observeService({ service, tasks: ownTasks, readyNodes, container: null }))];
    }),
  );
}

const ON_ITS_WAY = "pending";
function wordFor(slot: RuntimeSlot): string {
  return slot.kind === "pending" ? ON_ITS_WAY : JSON.stringify(slot);
}

/** Without those that somebody has just sent on their way: he knows. */
export function changedSlots(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): string[] {
  const gone = [...before.keys()].filter((slotId) => !now.has(slotId));
  const changed = [...now].filter(([slotId, state]) => state !== ON_ITS_WAY && state !== before.get(slotId));
  return [...gone, ...changed.map(([slotId]) => slotId)];
}
