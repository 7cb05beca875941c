// A registry that lacks one platform's package at some version (mirrors do) makes npm leave it out of package-lock.json without
// a word; `npm ci` then refuses that lock on every machine. Such entries can be written from what the lock itself says.

/**
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {boolean} [dev]
 * @property {boolean} [optional]
 * @property {string[]} [os]
 * @property {string[]} [cpu]
 * @property {string[]} [libc]
 * @property {Record<string, string>} [optionalDependencies]
 */

/**
 * Entries that the lock's packages name as optional and that are not in it. Only exact versions can be known.
 * @param {Record<string, LockedPackage>} packages
 * @returns {Record<string, LockedPackage>}
 */
export function findMissingOptional(packages) {
  /** @type {Record<string, LockedPackage>} */
  const missing = {};
  for (const [path, { optionalDependencies = {}, dev }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (!/^\d+\.\d+\.\d+[\w.+-]*$/.test(version) || isFound(packages, path, name)) continue;
      missing[`node_modules/${name}`] = { version, ...(dev ? { dev } : {}), optional: true, ...platformOf(name) };
    }
  }
  return missing;
}

/**
 * As Node looks a package up: beside the one that needs it, then in each folder above.
 * @param {Record<string, LockedPackage>} packages @param {string} from @param {string} name
 */
function isFound(packages, from, name) {
  for (let at = from; ; at = at.slice(0, Math.max(at.lastIndexOf("node_modules/"), 0)).replace(/\/$/, "")) {
    if (`${at ? `${at}/` : ""}node_modules/${name}` in packages) return true;
    if (at === "") return false;
  }
}

/** Spellings in package names that differ from Node's. */
const SYSTEMS = {
  android: "android",
  darwin: "darwin",
  freebsd: "freebsd",
  linux: "linux",
  openharmony: "openharmony",
  win32: "win32",
  windows: "win32",
};
const PROCESSORS = { 64: "x64" };

/**
 * Where a platform's package may be installed, read from its name (`…/binding-linux-arm64-musl`).
 * @param {string} name
 */
export function platformOf(name) {
  if (name.includes("wasm32")) return { cpu: ["wasm32"] };
  const words = name.slice(name.lastIndexOf("/") + 1).split("-");
  const index = words.findIndex((word) => Object.hasOwn(SYSTEMS, word));
  if (index < 0) throw new Error(`${name} is missing in the lock, and its name does not say for which platform it is`);
  const os = SYSTEMS[/** @type {keyof typeof SYSTEMS} */ (words[index])];
  const processor = words[index + 1] ?? "";
  const cpu = PROCESSORS[/** @type {never} */ (processor)] ?? processor;
  const variant = words.slice(index + 2).join("-");
  const libc = os !== "linux" ? null : variant.startsWith("musl") ? "musl" : variant.startsWith("gnu") ? "glibc" : null;
  return { cpu: [cpu], ...(libc ? { libc: [libc] } : {}), os: [os] };
}
