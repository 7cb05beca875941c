import { existsSync } from "node:fs";
import { join } from "node:path";

const CHECKOUT = join(import.meta.dirname, "../../..");

/** Where the vendors' API descriptions may lie, best first; `npm run specs` fills the second one. */
export function specFolders(env: Readonly<Record<string, string | undefined>> = process.env): string[] {
  const chosen = env["SPECS_DIR"];
  return [...(chosen ? [chosen] : []), join(CHECKOUT, ".specs"), join(CHECKOUT, "../shared/specs")];
}

/** Path of the first of the files that this machine has, in any of the folders; null = it has none. */
export function findSpec(files: readonly string[], folders = specFolders()): string | null {
  const paths = files.flatMap((file) => folders.map((folder) => join(folder, file)));
  return paths.find((path) => existsSync(path)) ?? null;
}
