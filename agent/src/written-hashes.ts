import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { WrittenHashes } from "./personality.ts";

const schema = z.object({ "IDENTITY.md": z.string().optional(), "SOUL.md": z.string().optional() });

export interface WrittenHashStore {
  load(): Promise<WrittenHashes>;
  save(hashes: WrittenHashes): Promise<void>;
}

/** What agentd wrote into the workspace, kept in its run folder across restarts. */
export function makeWrittenHashStore(runDir: string): WrittenHashStore {
  const path = join(runDir, "personality.json");
  return {
    async load() {
      const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return "{}";
        throw error;
      });
      const parsed = schema.parse(JSON.parse(text));
      return Object.fromEntries(Object.entries(parsed).filter(([, hash]) => hash !== undefined));
    },
    async save(hashes) {
      await writeFile(`${path}.next`, JSON.stringify(hashes), { mode: 0o600, flush: true });
      await rename(`${path}.next`, path);
    },
  };
}
