import { statfs } from "node:fs/promises";
import { appError } from "@automna/contract/error-catalogue";
import { MB } from "./file-system.ts";

export interface DiskRoom {
  observe: () => Promise<{ sizeMb: number; freeMb: number }>;
  /** Throws `node_disk_full` when writing so much would leave less than the reserve. */
  assert: (bytes: number) => Promise<void>;
}

/** Volumes are sparse and may grow later: what is kept free lets running slots write while new ones are refused. */
export function makeDiskRoom(folder: string, reserveMb: number): DiskRoom {
  const observe = async () => {
    const { bsize, blocks, bavail } = await statfs(folder);
    return { sizeMb: Math.floor((blocks * bsize) / MB), freeMb: Math.floor((bavail * bsize) / MB) };
  };
  return {
    observe,
    async assert(bytes) {
      const { freeMb } = await observe();
      if (freeMb - bytes / MB < reserveMb) throw appError("node_disk_full", { details: { freeMb, reserveMb } });
    },
  };
}
