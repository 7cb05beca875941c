import { readFile, readlink, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { absentAsNull } from "../files.ts";

/** Volumes that were looked into and attached, and in which nothing was written since: they need neither once more. */
export interface CheckedVolumes {
  isAsChecked: (slotId: string) => Promise<boolean>;
  /** Call it when the volume says whose it is and its device has its name. */
  remember: (slotId: string, device: string) => Promise<void>;
  forget: (slotId: string) => void;
}

interface Places {
  file: (slotId: string) => string;
  /** The stable name of its device. */
  name: (slotId: string) => string;
}

/** In memory: after a start everything is looked into. */
export function makeCheckedVolumes({ file, name }: Places): CheckedVolumes {
  const known = new Map<string, { device: string; content: string }>();
  return {
    async isAsChecked(slotId) {
      const checked = known.get(slotId);
      if (checked === undefined) return false;
      const named = await absentAsNull(readlink(name(slotId)));
      const backing = await absentAsNull(readFile(join("/sys/block", basename(checked.device), "loop/backing_file")));
      return (
        named === checked.device &&
        // Of a file that was replaced the kernel says "(deleted)".
        (backing
          ?.toString()
          .trimEnd()
          .endsWith(lastParts(file(slotId))) ??
          false) &&
        (await contentOf(file(slotId))) === checked.content
      );
    },
    async remember(slotId, device) {
      const content = await contentOf(file(slotId));
      if (content !== null) known.set(slotId, { device, content });
    },
    forget: (slotId) => void known.delete(slotId),
  };
}

/** The kernel tells paths as they were where the device was made, which may have been outside of our container. */
function lastParts(path: string): string {
  return `/${path.split("/").slice(-2).join("/")}`;
}

/** Changes with the file and with every write to it, through its device too. Null: it is not there. */
async function contentOf(file: string): Promise<string | null> {
  const found = await absentAsNull(stat(file, { bigint: true }));
  return found === null ? null : `${found.dev}:${found.ino}:${found.mtimeNs}`;
}
