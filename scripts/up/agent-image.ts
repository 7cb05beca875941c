import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { cp } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { cacheDir } from "../../packages/testkit/src/cache-dir.mjs";
import { makeTraversable } from "@automna/testkit/traversable";
import { withLock } from "../bootstrap/lock-file.mjs";
import { inCheckout } from "../bootstrap/paths.mjs";
import { findDependencies } from "./dependencies.ts";
import { AGENT_IMAGE_PREFIX } from "./data-dir.ts";
import { hashSources } from "./source-hash.ts";

/** Entry point of agentd, below the checkout or the staged copy of it. */
const AGENTD = "agent/src/main.ts";
const SOURCES = [
  "agent/src",
  "agent/package.json",
  "packages/core",
  "packages/contract",
  "packages/service-kit",
  "package-lock.json",
];

/**
 * Command line that starts agentd. As root agents run under uids of their own, which may not be able to enter the checkout:
 * then agentd, its packages and Node itself are copied to where every user may read. The copy belongs to the data folder,
 * so that whoever owns that also removes what older versions left.
 */
export async function stageAgent(dataDir: string): Promise<[string, string]> {
  if (process.getuid?.() !== 0) return [process.execPath, inCheckout(AGENTD)];
  const image = join(dataDir, `${AGENT_IMAGE_PREFIX}${hashSources(SOURCES)}`);
  if (!existsSync(image)) await stageSources(dataDir, image);
  return [await stageNode(), join(image, AGENTD)];
}

async function stageSources(dataDir: string, image: string): Promise<void> {
  for (const name of readdirSync(dataDir).filter((entry) => entry.startsWith(AGENT_IMAGE_PREFIX))) {
    rmSync(join(dataDir, name), { recursive: true, force: true });
  }
  const unfinished = `${image}.unfinished`;
  const root = inCheckout(".");
  for (const { path, linkedFrom } of findDependencies(inCheckout("agent"), root)) {
    const target = join(unfinished, relative(root, path));
    // Nested node_modules are dependencies of their own in the list.
    await cp(path, target, {
      recursive: true,
      filter: (source) => !relative(path, source).split("/").includes("node_modules"),
    });
    if (linkedFrom)
      await cp(linkedFrom, join(unfinished, relative(root, linkedFrom)), { verbatimSymlinks: true, recursive: true });
  }
  await makeTraversable(unfinished);
  renameSync(unfinished, image);
}

/** One copy of the running Node per version, as a link where the disk allows it. */
async function stageNode(): Promise<string> {
  const staged = join(cacheDir(), `node-${process.version}-${process.arch}`, "node");
  if (existsSync(staged)) return staged;
  mkdirSync(dirname(staged), { recursive: true });
  chmodSync(dirname(staged), 0o755);
  await withLock(`${staged}.lock`, () => {
    if (existsSync(staged)) return;
    const unfinished = `${staged}.unfinished`;
    rmSync(unfinished, { force: true });
    linkOrCopy(process.execPath, unfinished);
    chmodSync(unfinished, 0o755);
    renameSync(unfinished, staged);
  });
  return staged;
}

function linkOrCopy(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Another disk, or one without links.
    if (code !== "EXDEV" && code !== "EPERM" && code !== "EMLINK") throw error;
    copyFileSync(source, target, constants.COPYFILE_FICLONE);
  }
}
