import { join } from "node:path";

/** Where a node keeps what. Only ids and names that the contract has checked become parts of a path. */
export interface VolumePaths {
  /** One folder for each slot. */
  root: string;
  folder: (slotId: string) => string;
  volume: (slotId: string) => string;
  snapshots: (slotId: string) => string;
  snapshot: (slotId: string, name: string) => string;
  /** What a volume was received as. */
  origin: (slotId: string) => string;
  /** There while a copy is on its way: what lies at `volume` is not to be started on. */
  arriving: (slotId: string) => string;
  /** A file that has no name yet; all of them are removed at start-up and before the next attempt. */
  unfinished: (slotId: string, what: string) => string;
}

export const UNFINISHED_PREFIX = "unfinished-";
const SNAPSHOT_SUFFIX = ".ext4";

export function volumePaths(root: string): VolumePaths {
  const folder = (slotId: string) => join(root, slotId);
  const snapshots = (slotId: string) => join(folder(slotId), "snapshots");
  return {
    root,
    folder,
    volume: (slotId) => join(folder(slotId), "volume.ext4"),
    snapshots,
    snapshot: (slotId, name) => join(snapshots(slotId), `${name}${SNAPSHOT_SUFFIX}`),
    origin: (slotId) => join(folder(slotId), "origin.json"),
    arriving: (slotId) => join(folder(slotId), "arriving"),
    unfinished: (slotId, what) => join(folder(slotId), `${UNFINISHED_PREFIX}${what}`),
  };
}

/** The snapshot's name, or null for a file that is none. */
export function snapshotNameOf(fileName: string): string | null {
  return fileName.endsWith(SNAPSHOT_SUFFIX) ? fileName.slice(0, -SNAPSHOT_SUFFIX.length) : null;
}
