import { closeSync, openSync, readSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as yieldToOthers } from "node:timers/promises";
import { findSecrets, type Secret } from "./needles.ts";

export interface FileSearch {
  /** `path: secret, form` of every find. */
  finds: Find[];
  files: number;
  bytes: number;
}

export interface Find {
  secret: string;
  where: string;
}

const BLOCK_BYTES = 4 * 1024 * 1024;

/** Searches every file below the folder, to its last byte. Files that vanish meanwhile are passed over. */
export async function searchFiles(
  folder: string,
  secrets: readonly Secret[],
  isWanted: (path: string) => boolean = () => true,
): Promise<FileSearch> {
  const search: FileSearch = { finds: [], files: 0, bytes: 0 };
  const longest = Math.max(...secrets.flatMap(({ needles }) => needles.map(({ bytes }) => bytes.length)));
  const block = Buffer.alloc(longest + BLOCK_BYTES);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !isWanted(path)) continue;
    search.files += 1;
    searchFile(path, { secrets, block, longest }, search);
    if (search.files % 100 === 0) await yieldToOthers();
  }
  return search;
}

interface Reading {
  secrets: readonly Secret[];
  /** One for all files: tens of thousands of large buffers would cost more than the reading. */
  block: Buffer;
  longest: number;
}

function searchFile(path: string, { secrets, block, longest }: Reading, search: FileSearch): void {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  try {
    // What a block ends with may begin a needle that the next one completes.
    let carried = 0;
    for (;;) {
      const read = readSync(file, block, carried, BLOCK_BYTES, null);
      if (read === 0) return;
      search.bytes += read;
      const text = block.subarray(0, carried + read);
      for (const { secret, form } of findSecrets(text, secrets))
        search.finds.push({ secret, where: `${path}: ${form}` });
      carried = Math.min(text.length, longest);
      block.copyWithin(0, text.length - carried, text.length);
    }
  } finally {
    closeSync(file);
  }
}
