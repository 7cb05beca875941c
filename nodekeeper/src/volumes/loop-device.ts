import { constants } from "node:fs";
import { open, readlink, rename, rm, stat, symlink, type FileHandle } from "node:fs/promises";
import { basename, join } from "node:path";
import { appError } from "@automna/contract/error-catalogue";
import { z } from "zod";
import { absentAsNull } from "../files.ts";
import { run } from "../programs.ts";

const listSchema = z.object({
  loopdevices: z.array(z.object({ name: z.string(), "back-ino": z.int(), "back-maj:min": z.string() })),
});

/** Loop devices by what file they are of: by device and inode, so that a file that was replaced is another. */
export type LoopDevices = ReadonlyMap<string, string>;

export async function listLoops(signal?: AbortSignal): Promise<LoopDevices> {
  const options = signal === undefined ? {} : { signal };
  const printed = await run("losetup", ["--list", "--json", "--output", "NAME,BACK-INO,BACK-MAJ:MIN"], options);
  // It prints nothing at all when there are none.
  const { loopdevices } = printed.trim() === "" ? { loopdevices: [] } : listSchema.parse(JSON.parse(printed));
  return new Map(loopdevices.map((each) => [`${each["back-maj:min"].trim()} ${each["back-ino"]}`, each.name]));
}

/** The loop device that a file is attached to, or null. */
export async function findLoop(file: string, loops?: LoopDevices): Promise<string | null> {
  const found = await absentAsNull(stat(file, { bigint: true }));
  if (found === null) return null;
  return (loops ?? (await listLoops())).get(`${majorOf(found.dev)}:${minorOf(found.dev)} ${found.ino}`) ?? null;
}

// A device number as Linux packs it for user space (makedev(3)).
function majorOf(device: bigint): bigint {
  return ((device >> 8n) & 0xf_ffn) | ((device >> 32n) & ~0xf_ffn);
}
function minorOf(device: bigint): bigint {
  return (device & 0xffn) | ((device >> 12n) & ~0xffn);
}

/** Attaches a file. One that is attached already keeps its device. */
export async function attachLoop(file: string, signal?: AbortSignal): Promise<string> {
  // losetup's own way of taking an attached one up again needs CAP_SYS_ADMIN.
  const found = await findLoop(file, await listLoops(signal));
  return found ?? attachNewLoop(file, signal);
}

/** Attaches a file that nobody can have attached yet. */
export async function attachNewLoop(file: string, signal?: AbortSignal): Promise<string> {
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
async function claimDevice(device: string): Promise<FileHandle | null> {
  try {
    // For block devices O_EXCL means this without O_CREAT (open(2)).
    return await open(device, constants.O_RDONLY | constants.O_EXCL);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EBUSY") return null;
    throw error;
  }
}

/** True while a file system on the device is mounted, wherever. Only looks: claiming would make a mount fail that comes just then. */
export async function isMounted(device: string): Promise<boolean> {
  return (await absentAsNull(stat(join("/sys/fs/ext4", basename(device))))) !== null;
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
