/**
 * Runs as the gateway's user, the only one who may touch the volume; agentd starts it and gives it one JSON
 * request on stdin. It imports nothing of ours, so that it starts in a moment.
 */
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

type Json = Record<string, unknown>;

export type StateRequest =
  | {
      do: "configure";
      stateDir: string;
      owned: Json;
      overlaid: Json;
      /** Made when it is missing: what the agent publishes. */
      appsFolder: string;
      /** Files below `skills`, by path; ours, and written anew each time. */
      skills: Readonly<Record<string, string>>;
      /** False: what the owner has added to settings and skills is put aside, until it is true again. */
      keepsAdditions: boolean;
    }
  | { do: "tidy"; stateDir: string };

/** `over` laid onto `base`: objects are merged, everything else is replaced (RFC 7396 without removal). */
export function overlay(base: unknown, over: unknown): unknown {
  if (!isRecord(over)) return over;
  const merged: Json = isRecord(base) ? { ...base } : {};
  for (const [name, value] of Object.entries(over)) merged[name] = overlay(merged[name], value);
  return merged;
}

function configure(request: Extract<StateRequest, { do: "configure" }>): void {
  const { stateDir, owned, overlaid } = request;
  const config = join(stateDir, "openclaw.json");
  for (const path of [config, join(stateDir, "skills")])
    if (request.keepsAdditions) bringBack(path);
    else putAside(path);
  makeAppsFolder(join(stateDir, request.appsFolder));
  for (const [path, text] of Object.entries(request.skills)) writeSkill(join(stateDir, "skills", path), text);
  for (const folder of ["tmp", "logs"]) mkdirSync(join(stateDir, folder), { recursive: true, mode: 0o700 });
  const next = `${config}.automna`;
  writeFileSync(next, JSON.stringify({ ...(overlay(readConfig(config), overlaid) as Json), ...owned }, null, 2), {
    mode: 0o600,
    flush: true,
  });
  chmodSync(next, 0o600);
  renameSync(next, config);
}

const ASIDE = ".put-aside";

/** Moves the owner's own out of the way; what lies aside already is theirs, and what is there now only ours. */
function putAside(path: string): void {
  if (existsSync(path + ASIDE)) rmSync(path, { recursive: true, force: true });
  else if (existsSync(path)) renameSync(path, path + ASIDE);
}

function bringBack(path: string): void {
  if (!existsSync(path + ASIDE)) return;
  rmSync(path, { recursive: true, force: true });
  renameSync(path + ASIDE, path);
}

/** An agent that put a file there has no apps; it starts all the same. */
function makeAppsFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    if (!isRecord(error) || error["code"] !== "EEXIST") throw error;
  }
}

function writeSkill(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, text, { mode: 0o600 });
}

/** What is there now; a file that is not plain JSON is put aside and counts as empty. */
function readConfig(path: string): Json {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (isRecord(error) && error["code"] === "ENOENT") return {};
    throw error;
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (isRecord(parsed)) return parsed;
  } catch {
    // Falls through: not JSON.
  }
  renameSync(path, `${path}.unreadable`);
  return {};
}

/** Removes the lock files that OpenClaw 2026.9 always keeps in /tmp, named by the hash of their database's path. */
function tidy(stateDir: string): void {
  const locks = `/tmp/openclaw-state-locks-${process.getuid?.() ?? ""}`;
  for (const database of findDatabases(realpathSync(stateDir), 4)) {
    const hash = createHash("sha256").update(database).digest("hex").slice(0, 8);
    for (const family of ["gateway-lifecycle", "state-handles", "state-lifecycle"])
      rmSync(join(locks, `${family}.${hash}.lock.sqlite`), { force: true });
  }
  for (const folder of [locks, "/tmp/openclaw"]) removeIfEmpty(folder);
}

function findDatabases(folder: string, depth: number): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return depth > 0 ? findDatabases(path, depth - 1) : [];
    return entry.name.endsWith(".sqlite") ? [path] : [];
  });
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Absent, not empty or another user's: none of it is ours to remove then.
  }
}

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  const request = JSON.parse(readFileSync(0, "utf8")) as StateRequest;
  if (request.do === "configure") configure(request);
  else tidy(request.stateDir);
}
