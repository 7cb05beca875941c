import { createHash, type Hash } from "node:crypto";
import { constants } from "node:fs";
import { lstat, open, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";

const CHUNK_BYTES = 256 * 1024;

/**
 * Fingerprint of a folder's whole content: names, kinds, modes, link targets and every byte. Owners are left out: two
 * slots have users of their own. What is neither file, folder nor link counts by its name and kind.
 */
export async function digestFolder(root: string, isLeftOut: (path: string) => boolean = () => false): Promise<string> {
  const hash = createHash("sha256");
  await addFolder(hash, root, "", isLeftOut);
  return hash.digest("hex");
}

async function addFolder(hash: Hash, root: string, path: string, isLeftOut: (path: string) => boolean): Promise<void> {
  for (const name of (await readdir(join(root, path))).toSorted()) {
    const inside = path === "" ? name : `${path}/${name}`;
    if (isLeftOut(inside)) continue;
    const facts = await lstat(join(root, inside));
    const mode = (facts.mode & 0o7777).toString(8);
    if (facts.isDirectory()) {
      hash.update(`folder\0${inside}\0${mode}\0`);
      await addFolder(hash, root, inside, isLeftOut);
    } else if (facts.isSymbolicLink()) {
      hash.update(`link\0${inside}\0${await readlink(join(root, inside))}\0`);
    } else if (facts.isFile()) {
      hash.update(`file\0${inside}\0${mode}\0${facts.size}\0`);
      await addFile(hash, join(root, inside));
    } else {
      hash.update(`other\0${inside}\0${facts.mode & constants.S_IFMT}\0`);
    }
  }
}

async function addFile(hash: Hash, path: string): Promise<void> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
      if (bytesRead === 0) return;
      hash.update(chunk.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}
