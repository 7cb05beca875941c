import { readFile } from "node:fs/promises";
import type { NodekeeperHealth } from "@automna/contract/nodekeeper";
import type { Guard } from "./guard/keep-guard.ts";
import type { DiskRoom } from "./volumes/disk-room.ts";
import type { Volumes } from "./volumes/volumes.ts";

interface HealthOptions {
  version: string;
  node: string;
  guard: Guard;
  room: DiskRoom;
  volumes: Pick<Volumes, "unattached">;
}

export function makeHealth({ version, node, guard, room, volumes }: HealthOptions): () => Promise<NodekeeperHealth> {
  return async () => ({
    isHealthy: guard.state().state === "kept" && volumes.unattached().length === 0,
    version,
    node,
    guard: guard.state(),
    disk: await room.observe(),
    swap: parseSwap(await readFile("/proc/meminfo", "utf8")),
    unattached: volumes.unattached(),
  });
}

/** From /proc/meminfo, whose numbers are KiB. */
export function parseSwap(text: string): { sizeMb: number; freeMb: number } {
  const mb = (name: string) =>
    Math.floor(Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1] ?? 0) / 1024);
  return { sizeMb: mb("SwapTotal"), freeMb: mb("SwapFree") };
}
