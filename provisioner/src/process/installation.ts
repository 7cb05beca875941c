import { randomUUID } from "node:crypto";
import { link, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * The id that marks the slots of this folder as ours (S17), made on first use. Linking the finished file into place
 * lets two provisioners that start at once agree on one.
 */
export async function ensureInstallId(slotsDir: string): Promise<string> {
  const path = join(slotsDir, "installation-id");
  const mine = `${path}.${randomUUID()}`;
  await writeFile(mine, randomUUID(), { mode: 0o600, flush: true });
  try {
    await link(mine, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await rm(mine, { force: true });
  }
  return (await readFile(path, "utf8")).trim();
}
