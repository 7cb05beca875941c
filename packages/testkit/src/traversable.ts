import { chmod, lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

/** `chmod -R a+rX`: lets every user read the tree, whatever the umask was when it was written. Links are left alone. */
export async function makeTraversable(path: string): Promise<void> {
  const stats = await lstat(path);
  if (stats.isSymbolicLink()) return;
  if (!stats.isDirectory()) {
    const isExecutable = (stats.mode & 0o100) !== 0;
    return chmod(path, stats.mode | (isExecutable ? 0o555 : 0o444));
  }
  await chmod(path, stats.mode | 0o555);
  for (const name of await readdir(path)) await makeTraversable(join(path, name));
}
