import { mkdir, readdir, rm, stat } from "node:fs/promises";
import type { Snapshot } from "@automna/contract/nodekeeper";
import { appError } from "@automna/contract/error-catalogue";
import { absentAsNull, publishFile } from "../files.ts";
import { run } from "../programs.ts";
import { assertMarker, checkFileSystem, MB } from "./file-system.ts";
import { whileUnused } from "./loop-device.ts";
import { snapshotNameOf, type VolumePaths } from "./volume-paths.ts";

/** Snapshots of stopped slots: whole copies beside the volume, which share its blocks where the node's file system can. */
export interface Snapshots {
  list: (slotId: string) => Promise<Snapshot[]>;
  /** Throws `slot_running`. A snapshot of that name that is there stays as it is. */
  take: (slotId: string, name: string, signal: AbortSignal) => Promise<void>;
  /** A copy of the snapshot that was checked, ready to become the volume. Answers its path. */
  unpack: (slotId: string, name: string, signal: AbortSignal) => Promise<string>;
  delete: (slotId: string, name: string) => Promise<void>;
}

export function makeSnapshots(paths: VolumePaths, assertRoom: (bytes: number) => Promise<void>): Snapshots {
  return {
    async list(slotId) {
      const files = (await absentAsNull(readdir(paths.snapshots(slotId)))) ?? [];
      const names = files.map(snapshotNameOf).filter((name) => name !== null);
      return Promise.all(names.toSorted().map((name) => describe(name, paths.snapshot(slotId, name))));
    },
    async take(slotId, name, signal) {
      const file = paths.snapshot(slotId, name);
      if ((await absentAsNull(stat(file))) !== null) return;
      const volume = paths.volume(slotId);
      await assertMarker(volume, slotId, signal);
      await whileUnused(volume, async () => {
        await assertRoom(await storedBytes(volume));
        await mkdir(paths.snapshots(slotId), { recursive: true, mode: 0o700 });
        const unfinished = paths.unfinished(slotId, `snapshot-${name}`);
        await copySparse(volume, unfinished, signal);
        await publishFile(unfinished, file);
      });
    },
    async unpack(slotId, name, signal) {
      const file = paths.snapshot(slotId, name);
      if ((await absentAsNull(stat(file))) === null) throw appError("snapshot_missing");
      await assertRoom(await storedBytes(file));
      const unfinished = paths.unfinished(slotId, `restore-${name}`);
      await copySparse(file, unfinished, signal);
      await assertMarker(unfinished, slotId, signal);
      await checkFileSystem(unfinished, signal);
      return unfinished;
    },
    delete: async (slotId, name) => rm(paths.snapshot(slotId, name), { force: true }),
  };
}

/** Holes stay holes; blocks are shared where the file system under it can (btrfs, XFS). */
export async function copySparse(from: string, to: string, signal: AbortSignal): Promise<void> {
  await rm(to, { force: true });
  await run("cp", ["--reflink=auto", "--sparse=always", "--", from, to], { signal });
}

/** What a file takes on the disk. */
export async function storedBytes(file: string): Promise<number> {
  const { blocks } = await stat(file);
  return blocks * 512;
}

async function describe(name: string, file: string): Promise<Snapshot> {
  const { size, blocks, mtimeMs } = await stat(file);
  return {
    name,
    sizeMb: Math.floor(size / MB),
    storedMb: Math.ceil((blocks * 512) / MB),
    takenAtMs: Math.floor(mtimeMs),
  };
}
