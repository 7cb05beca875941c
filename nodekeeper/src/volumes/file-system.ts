import { mkdir, chown, open, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { slotIdSchema, VOLUME_MARKER } from "@automna/contract/nodekeeper";
import { appError } from "@automna/contract/error-catalogue";
import { ProgramError, run } from "../programs.ts";

// Customers' file systems are read and repaired by the tools of ext4 and never mounted by us.

export const MB = 1024 * 1024;
/** The users of agent/Dockerfile, and what of the volume is whose. */
const LAYOUT = [
  { folder: "agentd", uid: 10_001 },
  { folder: "state", uid: 10_002 },
] as const;
/** e2fsck: found and corrected something. */
const CORRECTED = 1;

/** Makes a file system with marker and layout in a new sparse file. Throws `slot_data_missing` unless it says whose it is. */
export async function makeFileSystem(
  file: string,
  { slotId, sizeMb, signal }: { slotId: string; sizeMb: number; signal: AbortSignal },
): Promise<void> {
  const layout = `${file}.layout`;
  await rm(layout, { recursive: true, force: true });
  await rm(file, { force: true });
  try {
    await mkdir(layout, { mode: 0o711 });
    await writeFile(join(layout, VOLUME_MARKER), `${slotId}\n`);
    for (const { folder, uid } of LAYOUT) {
      await mkdir(join(layout, folder), { mode: 0o700 });
      await chown(join(layout, folder), uid, uid);
    }
    await writeFile(file, "", { mode: 0o600 });
    await truncate(file, sizeMb * MB);
    // -m 0: nobody in a slot is root, so blocks reserved for root would be lost. A new sparse file is zero already: without
    // saying so, 64 MB of journal would be written with zeros, and the kernel would zero the inode tables behind the first mount.
    const options = ["-m", "0", "-E", "root_owner=0:0,assume_storage_prezeroed=1"];
    await run("mkfs.ext4", ["-q", "-F", ...options, "-d", layout, file], { signal });
    // Our umask would have its say in the layout's modes.
    const edits = ["sif / mode 040711", `sif /${VOLUME_MARKER} mode 0100444`, `cat /${VOLUME_MARKER}`];
    const said = await editFileSystem(file, edits, signal);
    if (!said.split("\n").includes(slotId)) throw appError("slot_data_missing");
  } finally {
    await rm(layout, { recursive: true, force: true });
  }
}

/** The slot whose volume this is; null when it does not say. */
export async function readMarker(file: string, signal?: AbortSignal): Promise<string | null> {
  const options = signal === undefined ? {} : { signal };
  const text = await run("debugfs", ["-R", `cat /${VOLUME_MARKER}`, file], options).catch((error: unknown) => {
    if (error instanceof ProgramError) return "";
    throw error;
  });
  const marker = slotIdSchema.safeParse(text.trim());
  return marker.success ? marker.data : null;
}

export async function assertMarker(file: string, slotId: string, signal?: AbortSignal): Promise<void> {
  if ((await readMarker(file, signal)) !== slotId) throw appError("slot_data_missing");
}

/** Gives a copy to another slot. */
export async function changeMarker(file: string, slotId: string, signal: AbortSignal): Promise<void> {
  const text = `${file}.marker`;
  await writeFile(text, `${slotId}\n`);
  try {
    const marker = `/${VOLUME_MARKER}`;
    await editFileSystem(
      file,
      [
        `rm ${marker}`,
        `write ${text} ${marker}`,
        ...["uid 0", "gid 0", "mode 0100444"].map((each) => `sif ${marker} ${each}`),
      ],
      signal,
    );
  } finally {
    await rm(text, { force: true });
  }
  await assertMarker(file, slotId, signal);
}

/** Plays the journal back and repairs what is safe to repair. Throws `volume_damaged` when more is broken. */
export async function repairFileSystem(file: string, signal: AbortSignal): Promise<void> {
  await run("e2fsck", ["-f", "-p", file], { signal }).catch((error: unknown) => {
    if (error instanceof ProgramError && error.exitCode === CORRECTED) return;
    throw damaged(error);
  });
}

/** Looks and changes nothing. Throws `volume_damaged`. */
export async function checkFileSystem(file: string, signal: AbortSignal): Promise<void> {
  await run("e2fsck", ["-f", "-n", file], { signal }).catch((error: unknown) => {
    throw damaged(error);
  });
}

/** Grows the file and the file system in it. */
export async function growFileSystem(file: string, sizeMb: number, signal: AbortSignal): Promise<void> {
  await truncate(file, sizeMb * MB);
  await repairFileSystem(file, signal);
  await run("resize2fs", [file], { signal });
}

export interface FileSystemUsage {
  sizeMb: number;
  usedMb: number;
  storedMb: number;
  /** When the kernel last mounted it, seconds since the epoch; 0: never. */
  lastMount: number;
}

/** Without a program: it is asked of every volume in every sweep. */
export async function readUsage(file: string): Promise<FileSystemUsage> {
  const handle = await open(file, "r");
  try {
    const { size, blocks } = await handle.stat();
    const { buffer } = await handle.read(Buffer.alloc(SUPERBLOCK_BYTES), 0, SUPERBLOCK_BYTES, SUPERBLOCK_OFFSET);
    const { usedBytes, lastMount } = parseSuperblock(buffer);
    return {
      sizeMb: Math.floor(size / MB),
      usedMb: Math.ceil(usedBytes / MB),
      // stat counts blocks of 512 bytes.
      storedMb: Math.ceil((blocks * 512) / MB),
      lastMount,
    };
  } finally {
    await handle.close();
  }
}

const SUPERBLOCK_OFFSET = 1_024;
const SUPERBLOCK_BYTES = 1_024;
const EXT4_MAGIC = 0xef_53;
const HIGH = 2 ** 32;

/** Fields of struct ext4_super_block (Linux, Documentation/filesystems/ext4/super.rst). Throws for anything else. */
export function parseSuperblock(block: Buffer): { usedBytes: number; lastMount: number } {
  if (block.readUInt16LE(0x38) !== EXT4_MAGIC) throw new Error("the file holds no ext4");
  const all = block.readUInt32LE(0x4) + block.readUInt32LE(0x1_50) * HIGH;
  const free = block.readUInt32LE(0xc) + block.readUInt32LE(0x1_58) * HIGH;
  const blockBytes = 1_024 << block.readUInt32LE(0x18);
  return { usedBytes: (all - free) * blockBytes, lastMount: block.readUInt32LE(0x2c) };
}

/** Answers what it printed: it goes on after a command that failed, so what matters is checked by the caller. */
async function editFileSystem(file: string, commands: readonly string[], signal: AbortSignal): Promise<string> {
  return run("debugfs", ["-w", "-f", "-", file], { signal, input: `${commands.join("\n")}\n` });
}

function damaged(error: unknown): unknown {
  return error instanceof ProgramError ? appError("volume_damaged", { cause: error }) : error;
}
