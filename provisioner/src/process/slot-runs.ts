import type { ExitCause } from "@automna/core/agents/observed-slot";
import type { Clock } from "@automna/core/shared/clock";
import { isAlive } from "./end-slot.ts";
import { findProcess } from "./process-table.ts";
import { causeOfExit, type SlotChild } from "./slot-child.ts";
import {
  readRunFile,
  readSlotFile,
  removeRunFile,
  writeLastExit,
  writeRunFile,
  type RunFile,
  type SlotFile,
} from "./slot-files.ts";
import { slotPaths } from "./slot-paths.ts";
import { findSlotProcesses, type SlotMark } from "./slot-processes.ts";

export interface SlotRuns {
  /** The slot's live run, or null. Adopts one that an earlier provisioner started, and records the end of one that is over. */
  find: (file: SlotFile) => Promise<RunFile | null>;
  /** Records a run that we have just started, and later its end. */
  begin: (file: SlotFile, child: SlotChild) => Promise<void>;
  /** Notes why a run is about to be ended, so that its end is known for what it is even if we are gone by then. */
  markEnding: (file: SlotFile, cause: ExitCause) => Promise<void>;
  /** Resolves when the end of our own last child of the slot is recorded. */
  settled: (slotId: string) => Promise<void>;
}

export interface SlotRunsOptions {
  slotsDir: string;
  clock: Clock;
  /** A run has ended by itself. */
  onEnd: (slotId: string) => void;
  /** The end of a run could not be recorded. */
  onError: (error: unknown, slotId: string) => void;
}

/** Keeps pid.json and last-exit.json true. */
export function makeSlotRuns({ slotsDir, clock, onEnd, onError }: SlotRunsOptions): SlotRuns {
  /** Children of ours, until their end is recorded. */
  const children = new Map<string, { pid: number; recorded: Promise<void> }>();

  const recordEnd = async (slotId: string, run: RunFile, cause: ExitCause) => {
    const paths = slotPaths(slotsDir, slotId);
    if ((await readSlotFile(paths)) === null) return;
    await writeLastExit(paths, { cause: run.endCause ?? cause, endedAtMs: clock() });
    await removeRunFile(paths);
  };

  const recordChildEnd = async (slotId: string, child: SlotChild) => {
    const cause = causeOfExit(await child.exited);
    const run = await readRunFile(slotPaths(slotsDir, slotId));
    // Not there: the folder is gone, or the run was never recorded.
    if (run?.pid === child.pid) await recordEnd(slotId, run, cause);
  };

  const adopt = async (file: SlotFile): Promise<RunFile | null> => {
    const { leader } = await findSlotProcesses(markOf(slotsDir, file, null));
    if (leader === null) return null;
    const run: RunFile = { pid: leader.pid, birth: leader.birth, startedAtMs: clock(), endCause: null };
    await writeRunFile(slotPaths(slotsDir, file.slotId), run);
    return run;
  };

  return {
    async find(file) {
      const paths = slotPaths(slotsDir, file.slotId);
      let run = await readRunFile(paths);
      if (run !== null && (await isAlive(run))) return run;
      const child = children.get(file.slotId);
      if (child !== undefined && child.pid === run?.pid) {
        await child.recorded;
        run = await readRunFile(paths);
      }
      if (run !== null) await recordEnd(file.slotId, run, "unknown");
      return adopt(file);
    },
    async begin(file, child) {
      const process = await findProcess(child.pid);
      // Over already: without a birth there is nothing to recognise, but the end is recorded all the same.
      const run: RunFile = { pid: child.pid, birth: process?.birth ?? "ended", startedAtMs: clock(), endCause: null };
      await writeRunFile(slotPaths(slotsDir, file.slotId), run);
      const entry = { pid: child.pid, recorded: Promise.resolve() };
      entry.recorded = recordChildEnd(file.slotId, child)
        .catch((error: unknown) => onError(error, file.slotId))
        .finally(() => {
          if (children.get(file.slotId) === entry) children.delete(file.slotId);
          onEnd(file.slotId);
        });
      children.set(file.slotId, entry);
    },
    async markEnding(file, cause) {
      const paths = slotPaths(slotsDir, file.slotId);
      const run = await readRunFile(paths);
      if (run !== null) await writeRunFile(paths, { ...run, endCause: cause });
    },
    async settled(slotId) {
      await children.get(slotId)?.recorded;
    },
  };
}

export function markOf(slotsDir: string, file: SlotFile, leaderPid: number | null): SlotMark {
  return { slotId: file.slotId, stateDir: slotPaths(slotsDir, file.slotId).state, users: file.users, leaderPid };
}
