import { mkdir, readdir, readlink, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { slotDevice, slotIdSchema, type SlotVolume } from "@automna/contract/nodekeeper";
import { appError } from "@automna/contract/error-catalogue";
import type { Logger } from "@automna/service-kit/log";
import { absentAsNull, publishFile, syncFile } from "../files.ts";
import { makeCheckedVolumes } from "./checked-volumes.ts";
import type { DiskRoom } from "./disk-room.ts";
import { assertMarker, growFileSystem, makeFileSystem, readUsage } from "./file-system.ts";
import {
  attachLoop,
  attachNewLoop,
  detachLoop,
  findLoop,
  isMounted,
  listLoops,
  nameDevice,
  whileUnused,
  type LoopDevices,
} from "./loop-device.ts";
import { readOrigin } from "./origin.ts";
import { copySparse, storedBytes } from "./snapshots.ts";
import { UNFINISHED_PREFIX, type VolumePaths } from "./volume-paths.ts";

/**
 * Slots' volumes: sparse files of a fixed size with an ext4 in them, so that a full disk stays one slot's problem. Everything
 * is safe to repeat; calls for one slot must come one at a time.
 */
export interface Volumes {
  observe: (slotId: string) => Promise<SlotVolume | null>;
  /** Every volume of the node. */
  observeAll: () => Promise<Map<string, SlotVolume>>;
  create: (slotId: string, sizeMb: number, signal: AbortSignal) => Promise<void>;
  attach: (slotId: string, signal: AbortSignal) => Promise<void>;
  /** Attaches every volume again and removes what was not finished. */
  attachAll: (signal: AbortSignal) => Promise<void>;
  /** Slots whose volume could not be attached, and still is not. */
  unattached: () => string[];
  grow: (slotId: string, sizeMb: number, signal: AbortSignal) => Promise<void>;
  /** Takes the device away, so that nothing can start on the volume. Throws `slot_running`. */
  detach: (slotId: string) => Promise<void>;
  /** Puts a finished file in the volume's place while nobody uses it, and attaches it. */
  replace: (slotId: string, finished: string, signal: AbortSignal) => Promise<void>;
  delete: (slotId: string) => Promise<void>;
}

interface VolumesOptions {
  paths: VolumePaths;
  deviceDir: string;
  room: DiskRoom;
  log: Logger;
}

const TRASH_PREFIX = "deleted-";

export async function openVolumes({ paths, deviceDir, room, log }: VolumesOptions): Promise<Volumes> {
  await mkdir(paths.root, { recursive: true, mode: 0o700 });
  await mkdir(deviceDir, { recursive: true, mode: 0o755 });
  const deviceName = (slotId: string) => slotDevice(slotId, deviceDir);
  const exists = async (slotId: string) => (await absentAsNull(stat(paths.volume(slotId)))) !== null;

  const unattached = new Set<string>();
  const checked = makeCheckedVolumes({ file: paths.volume, name: deviceName });

  /** For a file that says whose it is. */
  const giveDevice = async (slotId: string, device: string) => {
    await nameDevice(deviceName(slotId), device);
    unattached.delete(slotId);
    await checked.remember(slotId, device);
  };
  const assertWhole = async (slotId: string) => {
    const isArriving = (await absentAsNull(stat(paths.arriving(slotId)))) !== null;
    if (isArriving || !(await exists(slotId))) throw appError("slot_data_missing");
  };
  const attach = async (slotId: string, signal: AbortSignal) => {
    await assertWhole(slotId);
    if (await checked.isAsChecked(slotId)) return;
    await assertMarker(paths.volume(slotId), slotId, signal);
    await giveDevice(slotId, await attachLoop(paths.volume(slotId), signal));
  };

  const removeUnfinished = async (slotId: string) => {
    const files = (await absentAsNull(readdir(paths.folder(slotId)))) ?? [];
    for (const file of files.filter((each) => each.startsWith(UNFINISHED_PREFIX)))
      await rm(join(paths.folder(slotId), file), { recursive: true, force: true });
  };

  const replace = async (slotId: string, finished: string, signal: AbortSignal) => {
    await whileUnused(paths.volume(slotId), async (device) => {
      // It goes once we let go of it, and until then nobody can mount what is being replaced.
      if (device !== null) await detachLoop(device);
      await publishFile(finished, paths.volume(slotId));
    });
    await rm(paths.arriving(slotId), { force: true });
    await attach(slotId, signal);
  };

  const look = async (slotId: string, loops: LoopDevices): Promise<SlotVolume> => {
    const file = paths.volume(slotId);
    const loop = await findLoop(file, loops);
    const named = await absentAsNull(readlink(deviceName(slotId)));
    const { mtimeMs } = await stat(file);
    const { sizeMb, usedMb, storedMb } = await readUsage(file);
    return {
      sizeMb,
      usedMb,
      storedMb,
      changedAtMs: Math.floor(mtimeMs),
      device: loop !== null && named === loop ? deviceName(slotId) : null,
      isInUse: loop !== null && (await isMounted(loop)),
      receivedAs: (await readOrigin(paths, slotId))?.copy ?? null,
    };
  };

  // Also when it is being deleted while we look.
  const observe = (slotId: string, loops: LoopDevices) => absentAsNull(look(slotId, loops));

  return {
    attach,
    replace,
    observe: async (slotId) => observe(slotId, await listLoops()),
    async observeAll() {
      const loops = await listLoops();
      const names = (await readdir(paths.root)).filter((name) => slotIdSchema.safeParse(name).success);
      const seen = await Promise.all(names.map(async (slotId) => [slotId, await observe(slotId, loops)] as const));
      return new Map(seen.flatMap(([slotId, volume]) => (volume === null ? [] : [[slotId, volume]])));
    },
    async create(slotId, sizeMb, signal) {
      if (!(await exists(slotId))) {
        await room.assert(0);
        await mkdir(paths.folder(slotId), { recursive: true, mode: 0o700 });
        await removeUnfinished(slotId);
        const unfinished = paths.unfinished(slotId, "volume");
        await makeFileSystem(unfinished, { slotId, sizeMb, signal });
        await publishFile(unfinished, paths.volume(slotId));
        await syncFile(paths.root);
        await assertWhole(slotId);
        await giveDevice(slotId, await attachNewLoop(paths.volume(slotId), signal));
      } else await attach(slotId, signal);
    },
    async attachAll(signal) {
      for (const name of await readdir(paths.root)) {
        if (name.startsWith(TRASH_PREFIX)) await rm(join(paths.root, name), { recursive: true, force: true });
        if (!slotIdSchema.safeParse(name).success) continue;
        await removeUnfinished(name);
        // What is still arriving is attached when it has.
        if (!(await exists(name)) || (await absentAsNull(stat(paths.arriving(name)))) !== null) continue;
        await attach(name, signal).catch((error: unknown) => {
          log.error({ err: error, slotId: name }, "a volume can't be attached; its agent can't start");
          unattached.add(name);
        });
      }
    },
    unattached: () => [...unattached],
    async grow(slotId, sizeMb, signal) {
      const file = paths.volume(slotId);
      if (!(await exists(slotId))) throw appError("slot_data_missing");
      const before = await readUsage(file);
      if (sizeMb < before.sizeMb) throw appError("volume_too_large");
      if (sizeMb === before.sizeMb) return;
      await room.assert(await storedBytes(file));
      const unfinished = paths.unfinished(slotId, "grown");
      await whileUnused(file, async () => {
        await copySparse(file, unfinished, signal);
        await growFileSystem(unfinished, sizeMb, signal);
      });
      await assertMarker(unfinished, slotId, signal);
      await replace(slotId, unfinished, signal);
    },
    async detach(slotId) {
      await whileUnused(paths.volume(slotId), async (device) => {
        if (device !== null) await detachLoop(device);
      });
      await rm(deviceName(slotId), { force: true });
    },
    async delete(slotId) {
      const trash = join(paths.root, `${TRASH_PREFIX}${slotId}`);
      if (await exists(slotId)) {
        await whileUnused(paths.volume(slotId), async (device) => {
          if (device !== null) await detachLoop(device);
          await rm(trash, { recursive: true, force: true });
          await rename(paths.folder(slotId), trash);
          await syncFile(paths.root);
        });
      }
      unattached.delete(slotId);
      checked.forget(slotId);
      await rm(deviceName(slotId), { force: true });
      await rm(paths.folder(slotId), { recursive: true, force: true });
      await rm(trash, { recursive: true, force: true });
    },
  };
}
