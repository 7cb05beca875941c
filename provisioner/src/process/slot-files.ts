import { randomUUID } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exitCauses } from "@automna/core/agents/observed-slot";
import { z } from "zod";
import { isMissing, type SlotPaths } from "./slot-paths.ts";

// What the runtime itself writes down about a slot, in the slot's root, where only we may write.

const slotFileSchema = z.object({
  slotId: z.string(),
  installId: z.string(),
  users: z.object({ agentd: z.number().int(), gateway: z.number().int() }).nullable(),
  memoryMb: z.number().int(),
});
export type SlotFile = z.infer<typeof slotFileSchema>;

const runFileSchema = z.object({
  pid: z.number().int(),
  birth: z.string(),
  startedAtMs: z.number().int(),
  /** Why it is being ended, once somebody has begun to end it. */
  endCause: z.enum(exitCauses).nullable(),
});
export type RunFile = z.infer<typeof runFileSchema>;

const lastExitSchema = z.object({ cause: z.enum(exitCauses), endedAtMs: z.number().int() });
export type LastExit = z.infer<typeof lastExitSchema>;

/** Null = there is no such slot. */
export const readSlotFile = (paths: SlotPaths) => readJson(join(paths.root, "slot.json"), slotFileSchema);
export const writeSlotFile = (paths: SlotPaths, file: SlotFile) => writeJson(join(paths.root, "slot.json"), file);
/** Null = no run is known. */
export const readRunFile = (paths: SlotPaths) => readJson(join(paths.root, "pid.json"), runFileSchema);
export const writeRunFile = (paths: SlotPaths, run: RunFile) => writeJson(join(paths.root, "pid.json"), run);
export const removeRunFile = (paths: SlotPaths) => rm(join(paths.root, "pid.json"), { force: true });
/** Null = it never ran. */
export const readLastExit = (paths: SlotPaths) => readJson(join(paths.root, "last-exit.json"), lastExitSchema);
export const writeLastExit = (paths: SlotPaths, exit: LastExit) => writeJson(join(paths.root, "last-exit.json"), exit);

async function readJson<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.infer<Schema> | null> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
  return text === null ? null : schema.parse(JSON.parse(text));
}

/** Readers see the old file or the new one, never half of it. */
async function writeJson(path: string, value: unknown): Promise<void> {
  const next = `${path}.${randomUUID()}.next`;
  await writeFile(next, JSON.stringify(value), { mode: 0o600, flush: true });
  await rename(next, path);
}
