import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { finished, launch, stopPostgresProcess } from "./postgres-process.ts";

/** Null when no server claims the cluster. Source, first and eighth line of postmaster.pid: https://www.postgresql.org/docs/18/storage-file-layout.html */
export async function readPidFile(dataDir: string): Promise<{ pid: number; isReady: boolean } | null> {
  try {
    const lines = (await readFile(join(dataDir, "postmaster.pid"), "utf8")).split("\n");
    return { pid: Number(lines[0]), isReady: lines[7]?.trim() === "ready" };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Stops a server that an earlier, killed owner left on this cluster. Returns its pid, or null when there was none. */
export async function stopLeftoverPostgres(dataDir: string): Promise<number | null> {
  const file = await readPidFile(dataDir);
  // A pid file survives a crash of the machine, after which its number may be anybody's.
  if (!file || !(await isPostgresOn(file.pid, dataDir))) return null;
  const gone = (async () => {
    while (await isPostgresOn(file.pid, dataDir)) await sleep(50);
  })();
  await stopPostgresProcess(file.pid, gone);
  return file.pid;
}

async function isPostgresOn(pid: number, dataDir: string): Promise<boolean> {
  const command = await readCommandLine(pid);
  return command !== null && command.includes("postgres") && command.includes(dataDir);
}

async function readCommandLine(pid: number): Promise<string | null> {
  if (process.platform !== "linux")
    return (await finished(launch("ps", ["-o", "command=", "-p", String(pid)], null))).tail;
  try {
    return await readFile(`/proc/${pid}/cmdline`, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return null;
    throw error;
  }
}
