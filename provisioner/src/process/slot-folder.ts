import { constants } from "node:fs";
import { chmod, chown, mkdir, open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "@automna/core/shared/app-error";
import { z } from "zod";
import { readSlotFile, writeSlotFile, type SlotFile } from "./slot-files.ts";
import { isMissing, isSlotId, slotPaths, type SlotPaths } from "./slot-paths.ts";

/** A slot that is being made, and one that is being removed; both carry slot.json to the end. */
const UNFINISHED = ".new-";
const DOOMED = ".old-";
/** Says on the volume itself whose it is. */
export const MARKER = ".automna-slot";

const markerSchema = z.object({ slotId: z.string(), installId: z.string() });

/** Makes the slot's folders under another name and moves them into place as a whole; a slot that is there is kept. */
export async function createSlotFolder(slotsDir: string, file: SlotFile, rootKey: Uint8Array): Promise<void> {
  if ((await readSlotFile(slotPaths(slotsDir, file.slotId))) !== null) return;
  const paths = slotPaths(slotsDir, file.slotId, UNFINISHED);
  await rm(paths.root, { recursive: true, force: true });
  await mkdir(paths.root, { mode: 0o700 });
  await writeSlotFile(paths, file);
  await makeOwnFolder(paths.agentd, file.users?.agentd);
  await makeOwnFile(paths.rootKey, Buffer.from(rootKey).toString("base64url"), file.users?.agentd);
  await makeOwnFolder(paths.state, file.users?.gateway);
  await writeMarker(paths.state, file);
  // The slot's users pass through, and see nothing but what is theirs.
  if (file.users !== null) await chmod(paths.root, 0o711);
  await rename(paths.root, slotPaths(slotsDir, file.slotId).root);
}

/** Marks a volume that has no marker as the slot's. */
export async function writeMarker(stateDir: string, { slotId, installId, users }: SlotFile): Promise<void> {
  await makeOwnFile(join(stateDir, MARKER), JSON.stringify({ slotId, installId }), users?.gateway);
}

async function makeOwnFolder(path: string, uid: number | undefined): Promise<void> {
  await mkdir(path, { mode: 0o700 });
  if (uid !== undefined) await chown(path, uid, uid);
}

async function makeOwnFile(path: string, content: string, uid: number | undefined): Promise<void> {
  await writeFile(path, content, { mode: 0o600, flag: "wx", flush: true });
  if (uid !== undefined) await chown(path, uid, uid);
}

/** Throws `slot_data_missing` unless the volume carries the slot's own marker. */
export async function assertMarker(paths: SlotPaths, { slotId, installId }: SlotFile): Promise<void> {
  const marker = markerSchema.safeParse(parseJson(await readMarker(paths)));
  if (marker.success && marker.data.slotId === slotId && marker.data.installId === installId) return;
  throw new AppError("slot_data_missing", "conflict", `the volume of ${slotId} does not carry its marker`);
}

/** The volume is the customer's: what lies there may be a link or a pipe by now, and we may be root. */
async function readMarker(paths: SlotPaths): Promise<string | null> {
  try {
    const file = await open(
      join(paths.state, MARKER),
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
    try {
      if (!(await file.stat()).isFile()) return null;
      const { buffer, bytesRead } = await file.read(Buffer.alloc(1_024), 0, 1_024, 0);
      return buffer.toString("utf8", 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isMissing(error) || (error as NodeJS.ErrnoException).code === "ELOOP") return null;
    throw error;
  }
}

/** Removes everything of a slot; ends what an earlier removal or creation left. Nothing of it may run. */
export async function removeSlotFolder(slotsDir: string, slotId: string): Promise<void> {
  const [present, doomed, unfinished] = ["", DOOMED, UNFINISHED].map(
    (prefix) => slotPaths(slotsDir, slotId, prefix).root,
  );
  for (const root of [doomed, unfinished]) await removeRoot(root ?? "");
  try {
    // One step takes it out of sight: a removal that is cut short does not look like a damaged slot.
    await rename(present ?? "", doomed ?? "");
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  await removeRoot(doomed ?? "");
}

async function removeRoot(root: string): Promise<void> {
  const names = await readdir(root).catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
  if (names === null) return;
  for (const name of names)
    if (name !== "slot.json") await rm(join(root, name), { recursive: true, force: true, maxRetries: 3 });
  await rm(root, { recursive: true, force: true });
}

/** Ids of slots of this installation that have a folder, in whatever state. */
export async function listSlotFolders(slotsDir: string, installId: string): Promise<string[]> {
  const found = new Set<string>();
  for (const name of await readdir(slotsDir)) {
    const prefix = [UNFINISHED, DOOMED].find((known) => name.startsWith(known)) ?? "";
    const slotId = name.slice(prefix.length);
    if (!isSlotId(slotId)) continue;
    const file = await readSlotFile(slotPaths(slotsDir, slotId, prefix));
    if (file?.installId === installId && file.slotId === slotId) found.add(slotId);
  }
  return [...found];
}

function parseJson(text: string | null): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}
