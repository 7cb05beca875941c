import { execFile } from "node:child_process";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { AppError } from "@automna/core/shared/app-error";
import { digestFolder } from "./folder-digest.ts";
import type { SlotFile } from "./slot-files.ts";
import { assertMarker, MARKER, writeMarker } from "./slot-folder.ts";
import { isMissing, type SlotPaths } from "./slot-paths.ts";
import type { SlotUsers } from "./slot-users.ts";

// Copies of a slot's volume: into another slot, aside as a snapshot, and back. Nothing of the slots may run.

export interface SlotVolume {
  paths: SlotPaths;
  file: SlotFile;
}

/** The parts of a slot that go with its agent; the root key and the log stay. */
const parts = ["state", "agentd"] as const;
const ROOT_KEY = "root-key";
const SNAPSHOT_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

/**
 * Makes `to`'s volume the same as `from`'s and checks it. The old one is out of the way first: a copy that is cut short
 * leaves a slot without a marker, which nobody starts. Throws `copy_damaged`.
 */
export async function copySlotVolume(from: SlotVolume, to: SlotVolume, signal: AbortSignal): Promise<void> {
  await assertMarker(from.paths, from.file);
  await replaceVolume(to, { folder: from.paths.root, users: from.file.users }, signal);
}

/** Keeps a copy of the volume under a name; one that is complete is left alone. */
export async function snapshotSlot({ paths, file }: SlotVolume, name: string, signal: AbortSignal): Promise<void> {
  const target = snapshotPath(paths, name);
  if (await isThere(target)) return;
  await assertMarker(paths, file);
  await mkdir(join(paths.root, "snapshots"), { recursive: true, mode: 0o700 });
  const unfinished = `${target}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  await copyParts(paths.root, unfinished, signal);
  await rename(unfinished, target);
}

/** Puts a snapshot in the place of the volume; the snapshot stays. Throws `snapshot_missing`. */
export async function restoreSlotSnapshot(slot: SlotVolume, name: string, signal: AbortSignal): Promise<void> {
  const folder = snapshotPath(slot.paths, name);
  if (!(await isThere(folder)))
    throw new AppError("snapshot_missing", "conflict", `${slot.file.slotId} has no snapshot ${name}`);
  await replaceVolume(slot, { folder, users: slot.file.users }, signal);
}

export async function deleteSlotSnapshot(paths: SlotPaths, name: string): Promise<void> {
  await rm(snapshotPath(paths, name), { recursive: true, force: true, maxRetries: 3 });
}

function snapshotPath(paths: SlotPaths, name: string): string {
  // Names become folders (S9).
  if (!SNAPSHOT_NAME.test(name)) throw new TypeError(`not a snapshot's name: ${name}`);
  return join(paths.root, "snapshots", name);
}

async function replaceVolume(
  { paths, file }: SlotVolume,
  source: { folder: string; users: SlotUsers | null },
  signal: AbortSignal,
): Promise<void> {
  const incoming = join(paths.root, "incoming");
  await rm(incoming, { recursive: true, force: true, maxRetries: 3 });
  await mkdir(incoming, { mode: 0o700 });
  await copyParts(source.folder, incoming, signal);
  await changeOwners(incoming, source.users, file.users, signal);
  await rm(join(incoming, "state", MARKER), { force: true });
  await writeMarker(join(incoming, "state"), file);
  // From here to the last rename the slot has no marker.
  await rm(join(paths.state, MARKER), { force: true });
  for (const name of await readdir(paths.agentd))
    if (name !== ROOT_KEY) await rm(join(paths.agentd, name), { recursive: true, force: true });
  for (const name of await readdir(join(incoming, "agentd")))
    await rename(join(incoming, "agentd", name), join(paths.agentd, name));
  await rm(paths.state, { recursive: true, force: true, maxRetries: 3 });
  await rename(join(incoming, "state"), paths.state);
  await rm(incoming, { recursive: true, force: true });
}

async function copyParts(from: string, to: string, signal: AbortSignal): Promise<void> {
  for (const part of parts) {
    // -a keeps modes, owners, times, links as links and holes as holes.
    await promisify(execFile)("cp", ["-a", join(from, part), join(to, part)], { signal });
    const isLeftOut = (path: string) => part === "agentd" && path === ROOT_KEY;
    if (part === "agentd") await rm(join(to, part, ROOT_KEY), { force: true });
    const [read, written] = [
      await digestFolder(join(from, part), isLeftOut),
      await digestFolder(join(to, part), isLeftOut),
    ];
    if (read !== written) throw new AppError("copy_damaged", "transient", `a copy of ${join(from, part)} differs`);
  }
}

/** Both slots have users of their own: each file goes to the user of the same part. */
async function changeOwners(
  folder: string,
  from: SlotUsers | null,
  to: SlotUsers | null,
  signal: AbortSignal,
): Promise<void> {
  if (from === null || to === null) return;
  for (const part of ["agentd", "gateway"] as const) {
    if (from[part] === to[part]) continue;
    const [old, next] = [from[part], to[part]].map((uid) => `${uid}:${uid}`);
    await promisify(execFile)("chown", ["-hR", `--from=${old}`, `${next}`, folder], { signal });
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => {
      if (isMissing(error)) return false;
      throw error;
    },
  );
}
