import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Absolute path of something in the checkout. */
export function inCheckout(/** @type {string} */ path) {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** Short hash of one or more files' bytes. */
export function hashFiles(/** @type {string[]} */ ...paths) {
  const hash = createHash("sha256");
  for (const path of paths) hash.update(readFileSync(path)).update("\0");
  return hash.digest("hex").slice(0, 16);
}
