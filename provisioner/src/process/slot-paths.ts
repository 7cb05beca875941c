import { join } from "node:path";

/**
 * What lies where, below <slots>/<slotId>/ (ours, closed for writing to the slot's users):
 *   slot.json  whose the slot is        state/   the volume, with its marker; the gateway's
 *   pid.json   the live run             agentd/  root key and claim; agentd's
 *   last-exit.json  how the last ended  agentd.log
 *   snapshots/  copies of both folders, by name
 */
export interface SlotPaths {
  root: string;
  state: string;
  agentd: string;
  rootKey: string;
  log: string;
}

const SLOT_ID = /^slt_[0-9a-z]{20}$/;

/** Ids become folder names: nothing else gets that far (S9). */
export function isSlotId(text: string): boolean {
  return SLOT_ID.test(text);
}

export function slotPaths(slotsDir: string, slotId: string, prefix = ""): SlotPaths {
  if (!isSlotId(slotId)) throw new TypeError(`not a slot id: ${slotId}`);
  const root = join(slotsDir, `${prefix}${slotId}`);
  return {
    root,
    state: join(root, "state"),
    agentd: join(root, "agentd"),
    rootKey: join(root, "agentd", "root-key"),
    log: join(root, "agentd.log"),
  };
}

/** True when the error says that a file or folder is not there. */
export function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOENT" || code === "ENOTDIR";
}
