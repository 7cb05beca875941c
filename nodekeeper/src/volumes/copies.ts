import { mkdir, rm, stat } from "node:fs/promises";
import type { CopyResult } from "@automna/contract/nodekeeper";
import { appError } from "@automna/contract/error-catalogue";
import { absentAsNull, writeDurably } from "../files.ts";
import type { DiskRoom } from "./disk-room.ts";
import {
  assertMarker,
  changeMarker,
  checkFileSystem,
  growFileSystem,
  readUsage,
  repairFileSystem,
} from "./file-system.ts";
import { whileUnused } from "./loop-device.ts";
import { readVolume } from "./read-volume.ts";
import type { VolumePaths } from "./volume-paths.ts";
import { isUntouched, readOrigin, writeOrigin } from "./origin.ts";
import type { Volumes } from "./volumes.ts";
import { writeVolume } from "./write-volume.ts";

/** Volumes on their way from one node to another. */
export interface Copies {
  /** Gives the bytes of a stopped slot's volume, or of a snapshot, to `pass`; nobody can start on the volume meanwhile. */
  send: (
    slotId: string,
    snapshot: string | undefined,
    pass: (bytes: AsyncIterable<Buffer>) => Promise<void>,
    signal: AbortSignal,
  ) => Promise<void>;
  /**
   * Takes a volume in and gives it to the slot, in the place of an empty one. Under the same name a second call changes
   * nothing. Throws `volume_exists` when something ran on the slot's volume, `copy_damaged`, `volume_damaged`.
   */
  receive: (
    slotId: string,
    copy: { from: string; name: string; bytes: AsyncIterable<Buffer> },
    signal: AbortSignal,
  ) => Promise<CopyResult>;
}

export function makeCopies({ paths, volumes, room }: { paths: VolumePaths; volumes: Volumes; room: DiskRoom }): Copies {
  /** Takes the slot's empty volume out of use. Answers the size that the copy must have at least. */
  const makeWay = async (slotId: string): Promise<number> => {
    await mkdir(paths.folder(slotId), { recursive: true, mode: 0o700 });
    if ((await absentAsNull(stat(paths.volume(slotId)))) === null) return 0;
    // Found to be empty by an earlier try already.
    const isArriving = (await absentAsNull(stat(paths.arriving(slotId)))) !== null;
    if (!isArriving && !(await isUntouched(paths, slotId))) throw appError("volume_exists");
    await writeDurably(paths.arriving(slotId), "");
    await volumes.detach(slotId);
    return (await readUsage(paths.volume(slotId))).sizeMb;
  };

  return {
    async send(slotId, snapshot, pass, signal) {
      if (snapshot !== undefined) {
        const file = paths.snapshot(slotId, snapshot);
        if ((await absentAsNull(stat(file))) === null) throw appError("snapshot_missing");
        return pass(readVolume(file, signal));
      }
      const file = paths.volume(slotId);
      if ((await absentAsNull(stat(file))) === null) throw appError("slot_data_missing");
      return whileUnused(file, () => pass(readVolume(file, signal)));
    },
    async receive(slotId, { from, name, bytes }, signal) {
      const origin = await readOrigin(paths, slotId);
      if (origin?.copy === name) {
        await rm(paths.arriving(slotId), { force: true });
        await volumes.attach(slotId, signal);
        return { digest: origin.digest, bytes: origin.bytes };
      }
      const leastMb = await makeWay(slotId);
      const unfinished = paths.unfinished(slotId, "copy");
      try {
        await room.assert(0);
        const result = await writeVolume(unfinished, bytes, signal);
        await repairFileSystem(unfinished, signal);
        await assertMarker(unfinished, from, signal);
        await changeMarker(unfinished, slotId, signal);
        if ((await readUsage(unfinished)).sizeMb < leastMb) await growFileSystem(unfinished, leastMb, signal);
        await checkFileSystem(unfinished, signal);
        await writeOrigin(paths, slotId, { file: unfinished, copy: name, result });
        await volumes.replace(slotId, unfinished, signal);
        return result;
      } catch (error) {
        await rm(unfinished, { force: true });
        throw error;
      }
    },
  };
}
