import { constants } from "node:fs";
import { open, readlink, rename, rm, stat, symlink, type FileHandle } from "node:fs/promises";
import { appError } from "@automna/contract/error-catalogue";
import { absentAsNull } from "../files.ts";
import { run } from "../programs.ts";

/** The loop device that a file is attached to, or null. By inode, so that a file that was replaced is another. */
export async function findLoop(file: string, signal?: AbortSignal): Promise<string | null> {
  if ((await absentAsNull(stat(file))) === null) return null;
  const options = signal === undefined ? {} : { signal };
  const printed = await run("losetup", ["--associated", file, "--noheadings", "--output", "NAME"], options);
  return printed.trim().split("\n")[0]?.trim() || null;
}

/** Attaches a file. One that is attached already keeps its device. */
export async function attachLoop(file: string, signal?: AbortSignal): Promise<string> {
  const options = signal === undefined ? {} : { signal };
  return (await run("losetup", ["--find", "--show", "--nooverlap", file], options)).trim();
}

/** The device goes when its last user closes it: at once, unless somebody has it open. */
export async function detachLoop(device: string): Promise<void> {
  await run("losetup", ["--detach", device]);
}

/** Points the stable name at the device, in one step. */
export async function nameDevice(name: string, device: string): Promise<void> {
  if ((await absentAsNull(readlink(name))) === device) return;
  const unfinished = `${name}.unfinished`;
  await rm(unfinished, { force: true });
  await symlink(device, unfinished);
  await rename(unfinished, name);
}

/**
 * Opens the device for ourselves alone: the kernel refuses that while a file system on it is mounted, in whatever container,
 * and refuses every mount while we have it. Null when it is in use.
 */
export async function claimDevice(device: string): Promise<FileHandle | null> {
  try {
    // For block devices O_EXCL means this without O_CREAT (open(2)).
    return await open(device, constants.O_RDONLY | constants.O_EXCL);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EBUSY") return null;
    throw error;
  }
}

export async function isDeviceInUse(device: string): Promise<boolean> {
  const claimed = await claimDevice(device);
  await claimed?.close();
  return claimed === null;
}

/** Does `work` while nobody can mount the file; it gets the file's device, if it has one. Throws `slot_running`. */
export async function whileUnused<Result>(
  file: string,
  work: (device: string | null) => Promise<Result>,
): Promise<Result> {
  const device = await findLoop(file);
  if (device === null) return work(null);
  const claimed = await claimDevice(device);
  if (claimed === null) throw appError("slot_running");
  try {
    return await work(device);
  } finally {
    await claimed.close();
  }
}
