import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { inCheckout } from "../bootstrap/paths.mjs";

const IGNORED = new Set(["node_modules", "dist", "e2e"]);

/** Short hash over the names and bytes of everything under the given paths of the checkout; missing paths count as empty. */
export function hashSources(paths: readonly string[]): string {
  const hash = createHash("sha256");
  const root = inCheckout(".");
  for (const path of paths) {
    for (const file of listFiles(inCheckout(path))) {
      hash
        .update(`${relative(root, file)}\0`)
        .update(readFileSync(file))
        .update("\0");
    }
  }
  return hash.digest("hex").slice(0, 16);
}

function listFiles(path: string): string[] {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => !IGNORED.has(name))
    .toSorted()
    .flatMap((name) => listFiles(join(path, name)));
}
