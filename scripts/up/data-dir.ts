import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

/** Layout of the data folder; a change that old code could not read raises it. */
const DATA_VERSION = 1;
const MARKER = "automna.json";
export const AGENT_IMAGE_PREFIX = "agent-image-";

export interface DataDir {
  root: string;
  postgres: string;
  secrets: string;
  slots: string;
  logs: string;
  run: string;
}

/** Where things are in a data folder. */
export function dataDirAt(root: string): DataDir {
  const at = (name: string) => join(root, name);
  return {
    root,
    postgres: at("postgres"),
    secrets: at("secrets"),
    slots: at("slots"),
    logs: at("logs"),
    run: at("run"),
  };
}

/** What the folder's marker file remembers between starts. */
export interface DataMarker {
  version: number;
  /** First of the ports that this installation's agents get. */
  agentPortBase: number;
}

/** Makes sure that the folder is there and can be used, or throws a sentence that says what is wrong and what to do. */
export function openDataDir(root: string): void {
  makeFolder(root);
  assertUsable(root);
  if (process.getuid?.() === 0) assertReachable(root);
}

/**
 * Lays out an opened folder for this version, or throws a sentence that says why it can't. Never takes over a folder that
 * holds something else.
 */
export function prepareDataDir(root: string, newAgentPortBase: () => number): { dir: DataDir; marker: DataMarker } {
  const isRoot = process.getuid?.() === 0;
  const marker = readMarker(root) ?? createMarker(root, { version: DATA_VERSION, agentPortBase: newAgentPortBase() });
  const dir = dataDirAt(root);
  // As root the database and the agents run as other users, who pass through to their own folders and see no more.
  chmodSync(root, isRoot ? 0o711 : 0o700);
  for (const path of [dir.secrets, dir.logs, dir.run]) makePrivate(path, 0o700);
  makePrivate(dir.slots, isRoot ? 0o711 : 0o700);
  assertWhole(dir);
  return { dir, marker };
}

function makeFolder(root: string): void {
  try {
    mkdirSync(root, { recursive: true });
  } catch (error) {
    throw new Error(`The data folder ${root} can't be made (${reason(error)}). Choose another with --data-dir.`, {
      cause: error,
    });
  }
  if (!statSync(root).isDirectory()) throw new Error(`${root} is not a folder. Choose another with --data-dir.`);
}

function assertUsable(root: string): void {
  try {
    accessSync(root, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    throw new Error(`You may not write to the data folder ${root}. Make it yours, or choose another with --data-dir.`);
  }
  // Mode bits say nothing about a read-only disk, or one without room.
  try {
    const probe = join(root, ".write-test");
    writeFileSync(probe, "x");
    // Another start at the same moment may have been faster.
    rmSync(probe, { force: true });
  } catch (error) {
    throw new Error(`The data folder ${root} can't be written to (${reason(error)}). Choose another with --data-dir.`, {
      cause: error,
    });
  }
}

function assertReachable(root: string): void {
  const closed: string[] = [];
  for (let path = dirname(root); path !== dirname(path); path = dirname(path)) {
    if ((statSync(path).mode & 0o001) === 0) closed.push(path);
  }
  if (closed.length === 0) return;
  throw new Error(
    `The data folder ${root} lies in ${closed.join(" and ")}, which only the owner may enter. As root the database runs as ` +
      `the user "postgres" and needs a way in: choose a folder like /var/lib/automna with --data-dir, or run "chmod o+x ${closed.join(" ")}".`,
  );
}

/**
 * Deletes what Automna keeps in the folder and nothing else (S17), the marker last: a reset that was interrupted can be
 * repeated. The caller holds the instance lock and has stopped what was left running.
 */
export function resetDataDir(root: string): void {
  if (!existsSync(join(root, MARKER))) return;
  const { postgres, secrets, slots, logs, run } = dataDirAt(root);
  const images = readdirSync(root).filter((name) => name.startsWith(AGENT_IMAGE_PREFIX));
  for (const path of [postgres, secrets, slots, logs, run, ...images.map((name) => join(root, name))]) {
    rmSync(path, { recursive: true, force: true });
  }
  rmSync(join(root, MARKER));
}

function readMarker(root: string): DataMarker | null {
  const path = join(root, MARKER);
  if (!existsSync(path)) return null;
  const marker = parseMarker(path);
  if (marker.version > DATA_VERSION) {
    throw new Error(
      `${root} was written by a newer Automna (format ${marker.version}, this one knows ${DATA_VERSION}). Update this checkout.`,
    );
  }
  return marker;
}

function parseMarker(path: string): DataMarker {
  try {
    const { version, agentPortBase } = JSON.parse(readFileSync(path, "utf8")) as Partial<DataMarker>;
    if (Number.isInteger(version) && Number.isInteger(agentPortBase)) return { version, agentPortBase } as DataMarker;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new Error(`${path} is damaged. Restore the data folder from a backup, or start anew with --reset.`);
}

function createMarker(root: string, marker: DataMarker): DataMarker {
  const strangers = readdirSync(root).filter((name) => !name.startsWith("."));
  if (strangers.length > 0) {
    throw new Error(
      `${root} is not empty and not Automna's (there is ${strangers.slice(0, 3).join(", ")}). Choose an empty folder with --data-dir.`,
    );
  }
  writeFileSync(join(root, MARKER), `${JSON.stringify(marker)}\n`, { mode: 0o644 });
  return marker;
}

/** A database without its secrets, or a broken one, can't be mended by starting it. */
function assertWhole(dir: DataDir): void {
  if (!existsSync(dir.postgres)) return;
  const advice = "Restore the data folder from a backup, or start anew with --reset.";
  if (!existsSync(join(dir.postgres, "PG_VERSION")))
    throw new Error(`The database in ${dir.postgres} is damaged. ${advice}`);
  if (readdirSync(dir.secrets).length === 0)
    throw new Error(`The secrets in ${dir.secrets} are gone; the data is sealed with them. ${advice}`);
}

function makePrivate(path: string, mode: number): void {
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
}

function reason(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
