import { realpath, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";

/** What a path of an app leads to. */
export type AppFile =
  | { kind: "file"; root: string; relativePath: string }
  /** A folder without the slash at its end: relative links of its page would miss. */
  | { kind: "folder" }
  | { kind: "none" };

const none: AppFile = { kind: "none" };
const INDEX = "index.html";

/**
 * The names of a path as sent, decoded; null for one that leads anywhere but down: dot files, `..`, and separators or NUL
 * that were hidden in an escape. Pure.
 */
export function parseAppPath(path: string): string[] | null {
  const names: string[] = [];
  for (const part of path.split("/").slice(1)) {
    const name = decode(part);
    if (name === null || name.startsWith(".") || /[/\\\0]/.test(name)) return null;
    names.push(name);
  }
  // Empty names: only the last one may be, after the slash of a folder.
  return names.slice(0, -1).includes("") ? null : names;
}

/**
 * The file of an app that a path names. Links are followed to their end, and everything has to lie in the app's own folder
 * there, with no name that begins with a dot. What an agent changes between this look and the opening is its own to
 * publish: this process can read nothing else.
 */
export async function findAppFile(appDir: string, path: string): Promise<AppFile> {
  const names = parseAppPath(path);
  const root = names === null ? null : await realPath(appDir);
  // An app that is a link is none: the folder of apps is where they are.
  if (names === null || root === null || root !== appDir) return none;
  const found = await lookInside(root, join(root, ...names));
  if (found === null) return none;
  if (!found.isFolder) return names.at(-1) === "" ? none : { kind: "file", root, relativePath: found.relativePath };
  if (names.at(-1) !== "") return { kind: "folder" };
  const index = await lookInside(root, join(root, found.relativePath, INDEX));
  return index === null || index.isFolder ? none : { kind: "file", root, relativePath: index.relativePath };
}

async function lookInside(root: string, path: string): Promise<{ relativePath: string; isFolder: boolean } | null> {
  const real = await realPath(path);
  if (real === null || (real !== root && !real.startsWith(root + sep))) return null;
  const relativePath = relative(root, real);
  if (relativePath.split(sep).some((name) => name.startsWith("."))) return null;
  const facts = await stat(real);
  // Pipes and devices would be waited for.
  if (!facts.isFile() && !facts.isDirectory()) return null;
  return { relativePath, isFolder: facts.isDirectory() };
}

async function realPath(path: string): Promise<string | null> {
  try {
    return await realpath(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Not there, not a folder, a ring of links, too long a name, closed by the agent itself.
    if (code !== undefined && ["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG", "EACCES"].includes(code)) return null;
    throw error;
  }
}

function decode(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
