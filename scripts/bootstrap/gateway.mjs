import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheDir } from "../../packages/testkit/src/cache-dir.mjs";
import { withLock } from "./lock-file.mjs";
import { npmCi, run } from "./npm.mjs";
import { hashFiles, inCheckout } from "./paths.mjs";
import { step } from "./progress.mjs";
import { chooseNode } from "./runtime.mjs";

const FILES = ["package.json", "package-lock.json"];

/**
 * Folder with the pinned OpenClaw in its node_modules. It is 650 MB and the same for every checkout, so it lies in the
 * machine's cache, under a name that changes with its lock file.
 */
export async function installGateway() {
  const cache = cacheDir();
  const folder = join(cache, `gateway-${hashFiles(inCheckout("agent/gateway/package-lock.json"))}`);
  if (isComplete(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  // Agents have uids of their own when we are root; set apart from mkdir, whose mode the umask would narrow.
  if (process.getuid?.() === 0) chmodSync(cache, 0o755);
  await withLock(join(cache, ".gateway.lock"), async () => {
    if (isComplete(folder)) return;
    removeUnfinished(cache);
    if (existsSync(folder)) return complete(folder);
    await step("installing OpenClaw, about 650 MB, the first time only", () =>
      install(`${folder}${UNFINISHED}`, folder),
    );
  });
  return folder;
}

/** OpenClaw's own mark for "unpacked, but my install scripts have not run". */
const PENDING = "node_modules/openclaw/.openclaw-lifecycle-pending";

function isComplete(/** @type {string} */ folder) {
  return existsSync(folder) && !existsSync(join(folder, PENDING));
}

/**
 * OpenClaw makes up for install scripts that did not run when it first starts, by writing into its own package. The users
 * that agents have may not, so it is done here, by a start that only prints the version.
 * @param {string} folder
 */
async function complete(folder) {
  const home = mkdtempSync(join(tmpdir(), "automna-openclaw-"));
  try {
    const env = { PATH: process.env["PATH"], HOME: home, OPENCLAW_STATE_DIR: home };
    await run(chooseNode(), [join(folder, "node_modules/openclaw/openclaw.mjs"), "--version"], home, env);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

const UNFINISHED = ".unfinished";

/** @param {string} cache What a killed installation left; we hold the lock. */
function removeUnfinished(cache) {
  const names = readdirSync(cache).filter((name) => name.startsWith("gateway-") && name.endsWith(UNFINISHED));
  for (const name of names) rmSync(join(cache, name), { recursive: true, force: true });
}

/** @param {string} temporary @param {string} folder */
async function install(temporary, folder) {
  mkdirSync(temporary);
  for (const name of FILES) copyFileSync(inCheckout(`agent/gateway/${name}`), join(temporary, name));
  await npmCi(temporary);
  await complete(temporary);
  if (process.getuid?.() === 0) await run("chmod", ["-R", "a+rX", temporary], "/");
  renameSync(temporary, folder);
}
