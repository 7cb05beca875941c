import { setTimeout as sleep } from "node:timers/promises";
import { appError } from "@automna/contract/error-catalogue";
import type { EngineClient } from "../engine/engine-client.ts";
import { findLoop, isMounted } from "../volumes/loop-device.ts";
import { findControlGroup, listGroupPids, type ControlGroup } from "./control-groups.ts";
import type { ContainerFacts } from "./observe-container.ts";

export interface StopDeps {
  engine: EngineClient;
  facts: ContainerFacts;
  cgroupDir: string;
  /** The slot's volume, which may be absent. */
  volumeFile: (slotId: string) => string;
}

const LOOK_EVERY_MS = 200;
/** How long a killed container, its processes and its mount may take to be gone. */
const KILL_LIMIT_MS = 20_000;

/**
 * Resolves when nothing of the slot runs on this node: the engine has no running container, the kernel no process in the
 * control groups of those that ran, and nobody has the volume mounted. Kills after the grace. Throws `stop_overdue`.
 */
export async function confirmStop(
  { engine, facts, cgroupDir, volumeFile }: StopDeps,
  { slotId, graceMs, signal }: { slotId: string; graceMs: number; signal: AbortSignal },
): Promise<{ wasKilled: boolean }> {
  const groups: ControlGroup[] = [];
  const killAt = performance.now() + graceMs;
  let wasKilled = false;
  while (performance.now() < killAt + KILL_LIMIT_MS) {
    signal.throwIfAborted();
    const running = await facts.listRunning(slotId, signal);
    for (const { Id: id, State: state } of running) {
      const group = await findControlGroup(state.Pid, cgroupDir);
      if (group !== null && !groups.some(({ memory }) => memory === group.memory)) groups.push(group);
      // What is frozen hears no signal: the stop that is under way would take its whole grace.
      if (state.Paused) await engine.unpause(id, signal);
    }
    const pids = (await Promise.all(groups.map(listGroupPids))).flat();
    if (running.length === 0 && pids.length === 0 && !(await isVolumeMounted(volumeFile(slotId)))) return { wasKilled };
    if (performance.now() >= killAt) {
      for (const { Id: id } of running) await engine.kill(id, signal);
      if (running.length === 0) pids.forEach(killProcess);
      wasKilled ||= running.length > 0 || pids.length > 0;
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
  throw appError("stop_overdue");
}

async function isVolumeMounted(file: string): Promise<boolean> {
  const device = await findLoop(file);
  return device !== null && (await isMounted(device));
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
