import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "@automna/core/shared/app-error";
import { findProcess, type ProcessFacts } from "./process-table.ts";
import { findSlotProcesses, type SlotMark } from "./slot-processes.ts";

const POLL_MS = 50;
/** What is left when agentd is gone was not stopped by it: it gets this long to end by itself, ms. */
const LEFTOVER_GRACE_MS = 5_000;
/** A process that survives SIGKILL this long hangs in the kernel, ms. */
const KILL_DEADLINE_MS = 10_000;

export interface EndSlot {
  mark: SlotMark;
  /** How long agentd may take to stop its gateway and itself, ms; 0 = kill at once. */
  graceMs: number;
  signal: AbortSignal;
}

/**
 * Ends everything of a slot: asks agentd, then kills whatever is left, and resolves when nothing of it runs. True when
 * anything did. Throws `stop_overdue` when something can't be ended.
 */
export async function endSlotProcesses({ mark, graceMs, signal }: EndSlot): Promise<boolean> {
  const { leader, members } = await findSlotProcesses(mark);
  if (members.length === 0) return false;
  const known = new Map(members.map((process) => [process.pid, process]));
  if (leader !== null && graceMs > 0) {
    send("SIGTERM", leader.pid);
    // What is frozen hears of it once it goes on.
    for (const { pid, isStopped } of members) if (isStopped) send("SIGCONT", pid);
    await waitUntilGone([leader], graceMs, signal);
  }
  const leftovers = await findLeft(mark, known);
  if (leftovers.length > 0 && graceMs > 0 && !leftovers.some((process) => process.pid === leader?.pid)) {
    for (const { pid } of leftovers) send("SIGTERM", pid);
    await waitUntilGone(leftovers, LEFTOVER_GRACE_MS, signal);
  }
  for (const deadline = performance.now() + KILL_DEADLINE_MS; ; await sleep(POLL_MS)) {
    signal.throwIfAborted();
    const left = await findLeft(mark, known);
    if (left.length === 0) return true;
    if (performance.now() > deadline) {
      throw new AppError(
        "stop_overdue",
        "transient",
        `processes survive: ${left.map((process) => process.pid).join(", ")}`,
      );
    }
    for (const { pid } of left) send("SIGKILL", pid);
  }
}

/** What lives of the slot: what carries its mark now, and what was seen of it before and may have lost its parent. */
async function findLeft(mark: SlotMark, known: Map<number, ProcessFacts>): Promise<ProcessFacts[]> {
  const { members } = await findSlotProcesses(mark);
  for (const member of members) known.set(member.pid, member);
  const left: ProcessFacts[] = [];
  for (const process of known.values()) if (await isAlive(process)) left.push(process);
  return left;
}

/** True while this very process lives; a later one with its number is another (pid reuse). */
export async function isAlive({ pid, birth }: Pick<ProcessFacts, "pid" | "birth">): Promise<boolean> {
  return (await findProcess(pid))?.birth === birth;
}

async function waitUntilGone(
  processes: readonly ProcessFacts[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  for (const deadline = performance.now() + timeoutMs; performance.now() < deadline; await sleep(POLL_MS)) {
    signal.throwIfAborted();
    const alive = await Promise.all(processes.map(isAlive));
    if (!alive.includes(true)) return;
  }
}

export function send(signal: NodeJS.Signals, pid: number): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // Gone is what was wanted.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
