import { open, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** Sees that what was written is on the disk, and not only the kernel's intention. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Gives a finished file its name: after a crash there is the old one or the new one, whole. */
export async function publishFile(unfinished: string, path: string): Promise<void> {
  await syncFile(unfinished);
  await rename(unfinished, path);
  await syncFile(dirname(path));
}

export async function writeDurably(path: string, text: string): Promise<void> {
  const unfinished = `${path}.unfinished`;
  await writeFile(unfinished, text, { mode: 0o600 });
  await publishFile(unfinished, path);
}

/**
 * A file that is not there; and one of the kernel's whose process (ESRCH) or control group (ENODEV) ended after it was
 * opened.
 */
const absences: ReadonlySet<string | undefined> = new Set(["ENOENT", "ESRCH", "ENODEV"]);

/** Null when the answer is that it is not there; any other failure throws. */
export async function absentAsNull<Result>(looked: Promise<Result>): Promise<Result | null> {
  try {
    return await looked;
  } catch (error) {
    if (absences.has((error as NodeJS.ErrnoException).code)) return null;
    throw error;
  }
}
