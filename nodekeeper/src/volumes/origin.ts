import { readFile, stat } from "node:fs/promises";
import type { CopyResult } from "@automna/contract/nodekeeper";
import { z } from "zod";
import { absentAsNull, writeDurably } from "../files.ts";
import { readUsage } from "./file-system.ts";
import type { VolumePaths } from "./volume-paths.ts";

/** As the superblock has it. */
const NEVER = 0;

const originSchema = z.object({
  /** Name of the copy that it was received as. */
  copy: z.string(),
  digest: z.string(),
  bytes: z.int(),
  /** Of the file that all this is said of: a name on a disk may get another file. */
  inode: z.int(),
  lastMount: z.int(),
});
type Origin = z.infer<typeof originSchema>;

/** What the slot's volume, as it is there now, was received as; null when it was not. */
export async function readOrigin(paths: VolumePaths, slotId: string): Promise<Origin | null> {
  const text = await absentAsNull(readFile(paths.origin(slotId), "utf8"));
  const volume = await absentAsNull(stat(paths.volume(slotId)));
  if (text === null || volume === null) return null;
  const origin = originSchema.parse(JSON.parse(text));
  return origin.inode === volume.ino ? origin : null;
}

/** Says of a file that is about to become the volume where it is from. */
export async function writeOrigin(
  paths: VolumePaths,
  slotId: string,
  { file, copy, result }: { file: string; copy: string; result: CopyResult },
): Promise<void> {
  const { ino } = await stat(file);
  const { lastMount } = await readUsage(file);
  const origin: Origin = { copy, ...result, inode: ino, lastMount };
  await writeDurably(paths.origin(slotId), JSON.stringify(origin));
}

/** True when nothing ever ran on the volume since it was made or received here, so that nothing is lost with it. */
export async function isUntouched(paths: VolumePaths, slotId: string): Promise<boolean> {
  const { lastMount } = await readUsage(paths.volume(slotId));
  const origin = await readOrigin(paths, slotId);
  return lastMount === (origin?.lastMount ?? NEVER);
}
