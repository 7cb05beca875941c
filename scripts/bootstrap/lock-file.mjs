import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * @typedef {object} LockOwner
 * @property {number} pid
 * @property {string} startedAt Start of that process as the kernel counts it, so that a reused pid is not taken for it.
 */

/**
 * Takes the lock and returns null, or returns its living owner. A lock whose owner is dead is taken over.
 * @param {string} path
 * @returns {LockOwner | null}
 */
export function tryLock(path) {
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, JSON.stringify({ pid: process.pid, startedAt: processStart(process.pid) }), { mode: 0o644 });
  try {
    for (;;) {
      if (tryLink(mine, path)) return null;
      const owner = readOwner(path);
      if (owner && isAlive(owner)) return owner;
      if (owner) removeDead(path, owner);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Gives a lock back; only its owner may. */
export function unlock(/** @type {string} */ path) {
  if (readOwner(path)?.pid === process.pid) rmSync(path, { force: true });
}

/**
 * Runs the task under the lock, waiting for a living owner to finish first.
 * @template T
 * @param {string} path
 * @param {() => T | Promise<T>} task
 * @returns {Promise<T>}
 */
export async function withLock(path, task) {
  let isAnnounced = false;
  for (let owner = tryLock(path); owner; owner = tryLock(path)) {
    if (!isAnnounced) console.error(`  … waiting for another run (process ${owner.pid})`);
    isAnnounced = true;
    await sleep(500);
  }
  try {
    return await task();
  } finally {
    unlock(path);
  }
}

/** @param {LockOwner} owner */
function isAlive({ pid, startedAt }) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ESRCH") return false;
  }
  return startedAt === processStart(pid);
}

/**
 * Creating a hard link fails when the name exists: an atomic "create with this content".
 * @param {string} source @param {string} target
 */
function tryLink(source, target) {
  try {
    linkSync(source, target);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "EEXIST") return false;
    throw error;
  }
}

/**
 * Moves a dead owner's lock aside and looks again at what was moved: between our reading and our moving another
 * process may have taken over, and its lock goes back.
 * @param {string} path @param {LockOwner} dead
 */
function removeDead(path, dead) {
  const aside = `${path}.${process.pid}.dead`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return;
    throw error;
  }
  const moved = readOwner(aside);
  if (moved && (moved.pid !== dead.pid || moved.startedAt !== dead.startedAt)) tryLink(aside, path);
  unlinkSync(aside);
}

/** @param {string} path @returns {LockOwner | null} Null when there is no lock. */
export function readOwner(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return null;
    // Not written by us in full: nobody's.
    if (error instanceof SyntaxError) return { pid: -1, startedAt: "" };
    throw error;
  }
}

/** @param {number} pid Field 22 of /proc/<pid>/stat; elsewhere the pid alone has to do. */
function processStart(pid) {
  if (process.platform !== "linux") return "";
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in parentheses and may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A dead process that nobody has collected yet.
    return fields[0] === "Z" ? "gone" : (fields[19] ?? "");
  } catch {
    return "gone";
  }
}
