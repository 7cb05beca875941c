import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** What marks a process as part of this slot's gateway. */
export interface GatewayMark {
  /** The gateway's own user, if it has one: then every process of that user counts. */
  uid: number | null;
  /** Otherwise: the state folder in the process's environment. */
  stateDir: string;
}

const DEADLINE_MS = 5_000;
const POLL_MS = 50;

/**
 * Ends every process of the slot's gateway and waits until none is left: workers and tools live in process groups
 * of their own and survive it. Throws when something can't be killed.
 */
export async function sweepGateway(mark: GatewayMark): Promise<number> {
  const found = new Set<number>();
  for (const deadline = Date.now() + DEADLINE_MS; ; await sleep(POLL_MS)) {
    const pids = await findGatewayProcesses(mark);
    if (pids.length === 0) return found.size;
    if (Date.now() > deadline) throw new Error(`processes of the gateway could not be ended: ${pids.join(", ")}`);
    for (const pid of pids) {
      found.add(pid);
      killIfThere(pid);
    }
  }
}

/** Live processes that carry the mark, agentd itself excepted. Linux only; elsewhere the process group must do. */
export async function findGatewayProcesses(mark: GatewayMark): Promise<number[]> {
  if (process.platform !== "linux") return [];
  const entries = await readdir("/proc");
  const pids = entries
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid);
  const marked = await Promise.all(pids.map(async (pid) => ((await carriesMark(pid, mark)) ? [pid] : [])));
  return marked.flat();
}

async function carriesMark(pid: number, { uid, stateDir }: GatewayMark): Promise<boolean> {
  const status = await readProc(pid, "status");
  if (status === null || /^State:\s+[ZX]/m.test(status)) return false;
  if (uid !== null) return new RegExp(`^Uid:\\s+${uid}\\s`, "m").test(status);
  const environment = await readProc(pid, "environ");
  return environment !== null && environment.split("\0").includes(`OPENCLAW_STATE_DIR=${stateDir}`);
}

/** Null when the process is gone or another user's. */
async function readProc(pid: number, file: "status" | "environ"): Promise<string | null> {
  try {
    return await readFile(`/proc/${pid}/${file}`, "latin1");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES" || code === "EPERM") return null;
    throw error;
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
