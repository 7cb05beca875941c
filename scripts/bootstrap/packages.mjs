import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { withLock } from "./lock-file.mjs";
import { npmCi } from "./npm.mjs";
import { hashFiles, inCheckout } from "./paths.mjs";
import { step } from "./progress.mjs";

const LOCKFILE = inCheckout("package-lock.json");
const STAMP = inCheckout("node_modules/.automna-lock");
/** npm's own record of what it put into node_modules. */
const INSTALLED = inCheckout("node_modules/.package-lock.json");

/** Brings node_modules to what package-lock.json says. Does nothing when it is there already. */
export async function installPackages() {
  const wanted = hashFiles(LOCKFILE);
  if (readStamp() === wanted) return;
  mkdirSync(inCheckout(".automna"), { recursive: true });
  await withLock(inCheckout(".automna/install.lock"), async () => {
    if (readStamp() === wanted) return;
    if (!isInstalled()) {
      await step("installing packages, about 1 GB, the first time only", () => npmCi(inCheckout(".")));
    }
    writeFileSync(STAMP, wanted);
  });
}

function readStamp() {
  return existsSync(STAMP) ? readFileSync(STAMP, "utf8") : null;
}

/** True when somebody's own `npm install` already made node_modules match. */
function isInstalled() {
  if (!existsSync(INSTALLED)) return false;
  return isSameTree(readPackages(LOCKFILE), readPackages(INSTALLED), process);
}

/**
 * @typedef {string | string[]} Names As npm reads `os`, `cpu` and `libc`: allowed names, or excluded ones with a `!`.
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, os?: Names, cpu?: Names, libc?: Names }} LockedPackage
 * @param {Record<string, LockedPackage>} wanted
 * @param {Record<string, LockedPackage>} installed
 * @param {{ platform: string, arch: string }} machine
 */
export function isSameTree(wanted, installed, machine) {
  const isOurs = (/** @type {LockedPackage} */ { os, cpu, libc }) =>
    os !== undefined && allows(os, machine.platform) && allows(cpu, machine.arch) && allows(libc, "glibc");
  const isExpected = (/** @type {LockedPackage} */ entry) => !entry.optional || isOurs(entry);
  const isSame = Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes("node_modules/")) return true; // the checkout's own folders
    const found = installed[path];
    return found ? found.version === entry.version && found.integrity === entry.integrity : !isExpected(entry);
  });
  return isSame && Object.keys(installed).every((path) => path in wanted);
}

/** @param {Names | undefined} names @param {string} value */
function allows(names, value) {
  if (names === undefined) return true;
  const list = [names].flat();
  return list.some((item) => item.startsWith("!")) ? !list.includes(`!${value}`) : list.includes(value);
}

/** @param {string} path @returns {Record<string, LockedPackage>} */
function readPackages(path) {
  return JSON.parse(readFileSync(path, "utf8")).packages;
}
