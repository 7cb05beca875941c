import { mkdirSync, readdirSync, renameSync, rmSync, statSync, existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { withLock } from "../bootstrap/lock-file.mjs";
import { run } from "../bootstrap/npm.mjs";
import { inCheckout } from "../bootstrap/paths.mjs";
import { hashSources } from "./source-hash.ts";

const SOURCES = ["dashboard", "packages/core/src", "packages/contract/src", "package-lock.json"];
/** Another installation of this checkout may still serve an older build. */
const KEPT_BUILDS = 3;

/** Folder with the built dashboard; builds it when its sources changed since the last time. */
export async function buildDashboard(): Promise<string> {
  // Not in dashboard/dist, which whoever builds by hand empties under a running installation.
  const folder = inCheckout(`.automna/dashboard/${hashSources(SOURCES)}`);
  if (existsSync(folder)) return folder;
  mkdirSync(inCheckout(".automna/dashboard"), { recursive: true });
  await withLock(inCheckout(".automna/dashboard.lock"), async () => {
    if (existsSync(folder)) return;
    const unfinished = `${folder}.unfinished`;
    rmSync(unfinished, { recursive: true, force: true });
    const vite = inCheckout("node_modules/vite/bin/vite.js");
    await run(process.execPath, [vite, "build", "--outDir", unfinished, "--emptyOutDir"], inCheckout("dashboard"));
    renameSync(unfinished, folder);
    removeOldBuilds(dirname(folder));
  });
  return folder;
}

function removeOldBuilds(parent: string): void {
  const newestFirst = readdirSync(parent)
    .map((name) => join(parent, name))
    .toSorted((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const path of newestFirst.slice(KEPT_BUILDS)) rmSync(path, { recursive: true, force: true });
}
