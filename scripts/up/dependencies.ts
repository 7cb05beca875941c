import { existsSync, lstatSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

export interface PackageFolder {
  /** The package's real folder. */
  path: string;
  /** The link in node_modules through which it is found, for a workspace. */
  linkedFrom?: string;
}

interface Manifest {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

/** The package and everything that it needs at run time, found as Node finds it; `root` is where looking up ends. */
export function findDependencies(packageDir: string, root: string): PackageFolder[] {
  const found = new Map<string, PackageFolder>([[packageDir, { path: packageDir }]]);
  const queue = [packageDir];
  for (let folder = queue.pop(); folder !== undefined; folder = queue.pop()) {
    const { dependencies = {}, optionalDependencies = {} } = readManifest(folder);
    for (const name of Object.keys({ ...optionalDependencies, ...dependencies })) {
      const entry = findPackage(folder, name, root);
      if (entry === null) {
        const isRequired = name in dependencies && !(name in optionalDependencies);
        if (isRequired) throw new Error(`${name}, which ${folder} needs, is not installed.`);
        continue;
      }
      if (found.has(entry.path)) continue;
      found.set(entry.path, entry);
      queue.push(entry.path);
    }
  }
  return [...found.values()];
}

function findPackage(from: string, name: string, root: string): PackageFolder | null {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (existsSync(candidate)) {
      const isLink = lstatSync(candidate).isSymbolicLink();
      return isLink ? { path: realpathSync(candidate), linkedFrom: candidate } : { path: candidate };
    }
    if (folder === root || folder === dirname(folder)) return null;
  }
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}
