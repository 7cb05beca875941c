// Writes docs/openapi.json and docs/errors.md from the contract. `--check` only says whether they are up to date.
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { generatedDocs } from "./api-docs/generated-docs.ts";
import { inCheckout } from "./bootstrap/paths.mjs";

const { check } = parseArgs({ options: { check: { type: "boolean", default: false } } }).values;
const outdated: string[] = [];
for (const { path, content } of generatedDocs()) {
  const present = await readFile(inCheckout(path), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (present === content) continue;
  outdated.push(path);
  if (!check) await writeFile(inCheckout(path), content);
}
if (outdated.length > 0) console.log(`${check ? "outdated" : "written"}: ${outdated.join(", ")}`);
if (check && outdated.length > 0) {
  console.error("Run `node scripts/generate-api-docs.ts`.");
  process.exit(1);
}
