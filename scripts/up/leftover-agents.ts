import { readdirSync, readFileSync } from "node:fs";

/** Variables by which agentd and its gateway know their slot's folder; what an agent starts inherits them. */
const SLOT_VARIABLES = ["AGENTD_STATE_DIR", "OPENCLAW_STATE_DIR"];

/**
 * Kills the processes of this installation's slots, which live in sessions of their own and so outlive a provisioner that was
 * killed. Recognised by their environment, never by name (S17). Returns how many there were. Linux only.
 */
export function killLeftoverAgents(slotsDir: string): number {
  if (process.platform !== "linux") return 0;
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && belongsTo(name, slotsDir));
  for (const pid of pids) {
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
  return pids.length;
}

function belongsTo(pid: string, slotsDir: string): boolean {
  try {
    const variables = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    return variables.some((line) => SLOT_VARIABLES.some((name) => line.startsWith(`${name}=${slotsDir}/`)));
  } catch {
    // Gone in the meantime, or somebody else's and so not ours.
    return false;
  }
}
