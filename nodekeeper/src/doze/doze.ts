import { appError } from "@automna/contract/error-catalogue";
import type { EngineClient } from "../engine/engine-client.ts";
import { findControlGroup } from "../facts/control-groups.ts";
import type { ContainerFacts } from "../facts/observe-container.ts";
import type { MemoryPusher } from "./memory-pusher.ts";

export interface DozeDeps {
  engine: EngineClient;
  facts: ContainerFacts;
  cgroupDir: string;
  memory: MemoryPusher;
}

/**
 * Freezes everything in the slot (no processor time any more, sockets stay open) and begins to push its memory out to swap. The engine
 * does the freezing, so that it knows: `docker stop` thaws, and a restarted nodekeeper finds it as it is.
 * Throws `slot_not_running`. Twice is the same as once.
 */
export async function doze(
  { engine, facts, cgroupDir, memory }: DozeDeps,
  slotId: string,
  signal: AbortSignal,
): Promise<void> {
  const [container] = await facts.listRunning(slotId, signal);
  if (container === undefined) throw appError("slot_not_running");
  if (!container.State.Paused) await engine.pause(container.Id, signal);
  const after = await engine.inspect(container.Id, signal);
  if (after?.State.Paused !== true) throw appError("slot_not_running");
  const group = await findControlGroup(after.State.Pid, cgroupDir);
  if (group !== null) memory.push(after.Id, group);
}

/** Thaws; memory comes back page by page as it is touched. Throws `slot_not_running`. */
export async function wake({ engine, facts }: DozeDeps, slotId: string, signal: AbortSignal): Promise<void> {
  const [container] = await facts.listRunning(slotId, signal);
  if (container === undefined) throw appError("slot_not_running");
  if (container.State.Paused) await engine.unpause(container.Id, signal);
  if ((await engine.inspect(container.Id, signal))?.State.Paused !== false) throw appError("slot_not_running");
}
