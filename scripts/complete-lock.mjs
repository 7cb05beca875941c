// `npm run lock`, second half: adds to package-lock.json what the registry could not say about other platforms.
import { readFileSync, writeFileSync } from "node:fs";
import { findMissingOptional } from "./bootstrap/optional-packages.mjs";
import { inCheckout } from "./bootstrap/paths.mjs";

const path = inCheckout("package-lock.json");
const lock = JSON.parse(readFileSync(path, "utf8"));
const { "": root, ...packages } = lock.packages;
const missing = findMissingOptional(lock.packages);
const sorted = Object.entries({ ...packages, ...missing }).toSorted(([a], [b]) => (a < b ? -1 : 1));
writeFileSync(path, `${JSON.stringify({ ...lock, packages: { "": root, ...Object.fromEntries(sorted) } }, null, 2)}\n`);
console.log(`${Object.keys(missing).length} packages of other platforms added to package-lock.json`);
