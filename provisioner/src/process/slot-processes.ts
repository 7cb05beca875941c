import { listProcesses, readEnvironment, type ProcessFacts } from "./process-table.ts";
import type { SlotUsers } from "./slot-users.ts";

/** What marks a process as part of a slot. */
export interface SlotMark {
  slotId: string;
  stateDir: string;
  /** The slot's own users, if it has them: whatever runs as them is the slot's. */
  users: SlotUsers | null;
  /** agentd, while it is known to live. */
  leaderPid: number | null;
}

export interface SlotProcesses {
  /** agentd's process: the oldest one that is marked as such. */
  leader: ProcessFacts | null;
  /** Everything of the slot, agentd included. */
  members: ProcessFacts[];
}

export interface Onlooker {
  pid: number;
  uid: number;
  /** Environment of a process, null when it can't be seen. */
  environmentOf: (pid: number) => string[] | null;
}

/** Everything that runs of a slot now. */
export async function findSlotProcesses(mark: SlotMark): Promise<SlotProcesses> {
  return chooseSlotProcesses(await listProcesses(), mark, thisProcess());
}

export function thisProcess(): Onlooker {
  return { pid: process.pid, uid: process.getuid?.() ?? -1, environmentOf: readEnvironment };
}

/**
 * Which of `all` belong to the slot. Marks are the slot's users or its id and folder in the environment; what marked
 * processes have started, and what shares a session with them, belongs to it too. Pure.
 */
export function chooseSlotProcesses(all: readonly ProcessFacts[], mark: SlotMark, onlooker: Onlooker): SlotProcesses {
  const others = all.filter((process) => process.pid !== onlooker.pid);
  const members = new Set(others.filter((process) => isMarked(process, mark, onlooker)));
  const agentds = [...members].filter((process) => isAgentd(process, mark, onlooker));
  for (let size = -1; size !== members.size;) {
    size = members.size;
    const pids = new Set([...members].map((process) => process.pid));
    // Only sessions that the slot began itself: it was started in one of its own.
    const sessions = new Set([...members].map((process) => process.sessionId).filter((id) => pids.has(id)));
    for (const process of others)
      if (pids.has(process.parentPid) || sessions.has(process.sessionId)) members.add(process);
  }
  const known = others.find((process) => process.pid === mark.leaderPid);
  return { leader: known ?? oldest(agentds), members: [...members] };
}

function isMarked(process: ProcessFacts, mark: SlotMark, onlooker: Onlooker): boolean {
  if (process.pid === mark.leaderPid) return true;
  // The gateway's user is the customer's: whatever its processes say of themselves, they are the slot's.
  if (process.uid === mark.users?.gateway) return true;
  const variables = variablesOf(process, mark, onlooker) ?? [];
  if (variables.includes(`AGENTD_SLOT_ID=${mark.slotId}`) || variables.includes(`OPENCLAW_STATE_DIR=${mark.stateDir}`))
    return true;
  // A slot that had the port, and so the users, at another time may not be quite gone; its agentd says which one it serves.
  return process.uid === mark.users?.agentd && !variables.some((variable) => variable.startsWith("AGENTD_SLOT_ID="));
}

/** A gateway, or a helper of agentd, that survived it must not be taken for it. */
function isAgentd(process: ProcessFacts, mark: SlotMark, onlooker: Onlooker): boolean {
  const variables = variablesOf(process, mark, onlooker);
  return variables === null ? process.uid === mark.users?.agentd : variables.includes(`AGENTD_SLOT_ID=${mark.slotId}`);
}

/** Only our own user and agentd's are asked: others are either found by their user or none of our business. */
function variablesOf({ pid, uid }: ProcessFacts, mark: SlotMark, onlooker: Onlooker): string[] | null {
  return uid === onlooker.uid || uid === mark.users?.agentd ? onlooker.environmentOf(pid) : null;
}

function oldest(processes: ProcessFacts[]): ProcessFacts | null {
  const age = ({ birth }: ProcessFacts) => Number(birth.split("/").at(-1));
  return processes.toSorted((a, b) => age(a) - age(b) || a.pid - b.pid)[0] ?? null;
}
