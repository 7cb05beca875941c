import { readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { command } from "./command.ts";

/** Pids of containers' first processes, from their runtime's state below a folder: with them dies everything in their pid namespaces. */
export async function listContainerPids(folder: string): Promise<number[]> {
  const found = await command(["find", folder, "-name", "init.pid"]).catch(() => "");
  return found
    .split("\n")
    .filter((path) => path !== "")
    .flatMap((path) => {
      const pid = Number(read(path));
      // The state may be old, and the pid somebody else's by now.
      return read(`/proc/${pid}/cgroup`).includes(basename(dirname(path))) ? [pid] : [];
    });
}

const FREEZERS = "/sys/fs/cgroup/freezer";

/** Lets a paused container's processes run: where controllers have hierarchies of their own, frozen ones do not even die. */
export function thaw(pid: number): void {
  const group = /^\d+:freezer:(\/.+)$/m.exec(read(`/proc/${pid}/cgroup`))?.[1];
  if (group === undefined) return;
  try {
    writeFileSync(join(FREEZERS, group, "freezer.state"), "THAWED");
  } catch {
    // It ended meanwhile.
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
