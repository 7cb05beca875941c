import { constants } from "node:fs";
import { copyFile, open, rename, stat, truncate, type FileHandle } from "node:fs/promises";

/** agentd says little; whoever floods its log keeps the newest of it. One older part is kept beside it. */
export const MAX_LOG_BYTES = 8 * 1024 * 1024;

/** Opens a slot's log for a process that starts now; a full one is put aside first. */
export async function openSlotLog(path: string, maxBytes = MAX_LOG_BYTES): Promise<FileHandle> {
  if ((await sizeOf(path)) > maxBytes) await rename(path, `${path}.1`);
  return open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
}

/** Caps the log of a running process: it goes on writing at the new end, because its file is open for appending. */
export async function capSlotLog(path: string, maxBytes = MAX_LOG_BYTES): Promise<void> {
  if ((await sizeOf(path)) <= maxBytes) return;
  await copyFile(path, `${path}.1`);
  await truncate(path);
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}
