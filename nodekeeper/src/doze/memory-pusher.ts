import type { Logger } from "@automna/service-kit/log";
import type { EngineClient } from "../engine/engine-client.ts";
import { pushMemoryOut, type ControlGroup } from "../facts/control-groups.ts";

/** Pushes dozing containers' memory out, one after the other and behind the scenes: nobody waits for it, a wake least of all. */
export interface MemoryPusher {
  push: (containerId: string, group: ControlGroup) => void;
  /** Forgets what waits. What is under way ends with its next part. */
  close: () => Promise<void>;
}

export function makeMemoryPusher(engine: Pick<EngineClient, "inspect">, log: Logger): MemoryPusher {
  const waiting = new Map<string, ControlGroup>();
  let working: Promise<void> | null = null;
  let isClosed = false;

  const work = async () => {
    for (const [containerId, group] of waiting) {
      waiting.delete(containerId);
      const isDozing = async () => !isClosed && (await engine.inspect(containerId))?.State.Paused === true;
      await pushMemoryOut(group, isDozing).catch((error: unknown) =>
        log.warn({ err: error, containerId }, "a dozing slot's memory stays where it is"),
      );
    }
    working = null;
  };

  return {
    push(containerId, group) {
      waiting.set(containerId, group);
      working ??= work();
    },
    async close() {
      isClosed = true;
      waiting.clear();
      await working;
    },
  };
}
