import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { withLock } from "./lock-file.mjs";
import { run } from "./npm.mjs";
import { hashFiles, inCheckout } from "./paths.mjs";
import { step } from "./progress.mjs";

const STAMP = inCheckout("prisma/generated/.schema-hash");
const SOURCES = ["prisma/schema.prisma", "node_modules/prisma/package.json"];

/** Writes prisma/generated when the schema or Prisma changed since the last time. */
export async function generatePrismaClient(/** @type {string} */ node) {
  const wanted = hashFiles(...SOURCES.map(inCheckout));
  if (readStamp() === wanted) return;
  mkdirSync(inCheckout(".automna"), { recursive: true });
  await withLock(inCheckout(".automna/generate.lock"), async () => {
    if (readStamp() === wanted) return;
    const command = inCheckout("node_modules/prisma/build/index.js");
    await step("generating the database client", () => run(node, [command, "generate"], inCheckout(".")));
    writeFileSync(STAMP, wanted);
  });
}

function readStamp() {
  return existsSync(STAMP) ? readFileSync(STAMP, "utf8") : null;
}
