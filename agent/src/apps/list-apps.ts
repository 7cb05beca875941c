import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isAppName } from "@automna/core/apps/app-name";
import type { AppKind, AppProblem } from "@automna/core/apps/app-settings";

export interface ListedApp {
  name: string;
  kind: AppKind;
  problem: AppProblem | null;
}

const MANIFEST_MAX_BYTES = 64 * 1024;

/** Every folder of the volume's apps that has the name of an app, in order of name; at most `max`. */
export async function listApps(appsDir: string, max: number): Promise<ListedApp[]> {
  const entries = await readdir(appsDir, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
    throw error;
  });
  const names = entries.filter((entry) => entry.isDirectory() && isAppName(entry.name)).map(({ name }) => name);
  return Promise.all(
    names
      .toSorted()
      .slice(0, max)
      .map((name) => describeApp(appsDir, name)),
  );
}

async function describeApp(appsDir: string, name: string): Promise<ListedApp> {
  const folder = join(appsDir, name);
  if (await isProcessApp(folder)) return { name, kind: "process", problem: "process_not_supported" };
  return { name, kind: "static", problem: (await fileSize(join(folder, "index.html"))) === null ? "no_index" : null };
}

/** An app says so itself, in app.json: `{"kind":"process"}`. */
export async function isProcessApp(folder: string): Promise<boolean> {
  const path = join(folder, "app.json");
  const size = await fileSize(path);
  if (size === null || size > MANIFEST_MAX_BYTES) return false;
  try {
    const manifest: unknown = JSON.parse(await readFile(path, "utf8"));
    return typeof manifest === "object" && manifest !== null && "kind" in manifest && manifest.kind === "process";
  } catch {
    // Half written, or not meant for us.
    return false;
  }
}

/** Bytes of a regular file; null for anything else. */
async function fileSize(path: string): Promise<number | null> {
  try {
    const facts = await lstat(path);
    return facts.isFile() ? facts.size : null;
  } catch {
    return null;
  }
}
