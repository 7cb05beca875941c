// For Dockerfile: `node copy-packages.ts <workspace> <target>` copies to `target` what the workspace needs of node_modules at
// run time. npm itself would bring along what other packages may use when it happens to be there (optional peers): for
// Prisma's client its whole command line, for which no service has a use.
import { cpSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { findDependencies } from "../up/dependencies.ts";

const FOLDER = "node_modules";

const [workspace, target] = process.argv.slice(2);
if (workspace === undefined || target === undefined) throw new Error("usage: copy-packages.ts <workspace> <target>");
const root = resolve(import.meta.dirname, "../..");
for (const { path, linkedFrom } of findDependencies(join(root, workspace), root)) {
  // A link stands for one of our own packages, whose files the image gets by themselves.
  const from = linkedFrom ?? path;
  if (!relative(root, from).split("/").includes(FOLDER)) continue;
  cpSync(from, join(target, relative(root, from)), {
    recursive: true,
    verbatimSymlinks: true,
    // Those are dependencies of their own in the list.
    filter: (source) => !relative(from, source).split("/").includes(FOLDER),
  });
}
