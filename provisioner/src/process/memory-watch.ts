import type { Logger } from "@automna/service-kit/log";
import { listProcesses } from "./process-table.ts";
import { capSlotLog } from "./slot-log.ts";
import { readRunFile, readSlotFile } from "./slot-files.ts";
import { listSlotFolders } from "./slot-folder.ts";
import { slotPaths } from "./slot-paths.ts";
import { chooseSlotProcesses, thisProcess } from "./slot-processes.ts";
import { markOf } from "./slot-runs.ts";

export interface MemoryWatchOptions {
  slotsDir: string;
  installId: string;
  log: Logger;
  /** The slot uses more than its limit. */
  onExcess: (slotId: string) => Promise<void>;
  /** The slot's run is over; somebody should look. */
  onGone: (slotId: string) => void;
}

const MB = 1024 * 1024;

/** Returns one turn of the watch over every running slot: its memory, its log, and whether it is still there. */
export function makeMemoryWatch({
  slotsDir,
  installId,
  log,
  onExcess,
  onGone,
}: MemoryWatchOptions): () => Promise<void> {
  return async () => {
    const processes = await listProcesses();
    for (const slotId of await listSlotFolders(slotsDir, installId)) {
      const paths = slotPaths(slotsDir, slotId);
      const [file, run] = [await readSlotFile(paths), await readRunFile(paths)];
      if (file === null || run === null) continue;
      const isAlive = processes.some((process) => process.pid === run.pid && process.birth === run.birth);
      if (!isAlive) {
        onGone(slotId);
        continue;
      }
      await capSlotLog(paths.log);
      const { members } = chooseSlotProcesses(processes, markOf(slotsDir, file, run.pid), thisProcess());
      const usedMb = Math.round(members.reduce((sum, process) => sum + process.rssBytes, 0) / MB);
      if (usedMb <= file.memoryMb) continue;
      log.warn({ slotId, usedMb, limitMb: file.memoryMb }, "a slot uses more memory than it may, ending it");
      await onExcess(slotId);
    }
  };
}
