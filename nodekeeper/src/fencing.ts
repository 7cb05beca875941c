import { mkdir, readdir, readFile, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { fencingSchema } from "@automna/contract/nodekeeper";
import { appError } from "@automna/contract/error-catalogue";
import { DAY_MS } from "@automna/core/shared/clock";
import { absentAsNull, writeDurably } from "./files.ts";

/**
 * The highest fencing number that each slot was called with, on disk: a worker that lost its lease and does not know it yet
 * is refused, also after a restart. It outlives the slot, because late calls do too.
 */
export interface Fences {
  /** Throws `fencing_outdated` when a newer caller was here. Call it in the slot's turn. */
  pass: (slotId: string, fencing: bigint) => Promise<void>;
  /** Forgets slots that nobody called for a month. */
  forgetOld: (now: number) => Promise<void>;
}

const KEPT_MS = 30 * DAY_MS;

export async function openFences(folder: string): Promise<Fences> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return {
    async pass(slotId, fencing) {
      const path = join(folder, slotId);
      const text = await absentAsNull(readFile(path, "utf8"));
      const highest = text === null ? -1n : fencingSchema.parse(text);
      if (fencing < highest) throw appError("fencing_outdated");
      if (fencing > highest) await writeDurably(path, String(fencing));
    },
    async forgetOld(now) {
      for (const name of await readdir(folder)) {
        const path = join(folder, name);
        if (now - (await stat(path)).mtimeMs > KEPT_MS) await unlink(path);
      }
    },
  };
}
