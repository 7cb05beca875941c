import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { promisify } from "node:util";

/** One live process. Zombies are left out: nothing of them runs, whoever forgot to collect them. */
export interface ProcessFacts {
  pid: number;
  parentPid: number;
  groupId: number;
  sessionId: number;
  /** Real user id. */
  uid: number;
  /** When it was born, in the system's own words: with the pid it names one process for ever. */
  birth: string;
  rssBytes: number;
  /** Frozen by a signal. */
  isStopped: boolean;
}

const isLinux = process.platform === "linux";

/** Every live process of the machine. */
export async function listProcesses(): Promise<ProcessFacts[]> {
  if (!isLinux) return parsePs((await promisify(execFile)("ps", [...PS_COLUMNS, "-ax"])).stdout);
  // Synchronous on purpose: procfs answers from memory, a file costs some 20 µs, and the picture is of one moment.
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => readProcess(Number(pid)) ?? []);
}

/** Null when there is no live process with this pid. */
export async function findProcess(pid: number): Promise<ProcessFacts | null> {
  if (isLinux) return readProcess(pid);
  const { stdout } = await promisify(execFile)("ps", [...PS_COLUMNS, "-p", String(pid)]).catch(
    (error: { code?: unknown; stdout?: string }) => {
      // ps exits with 1 when no process matches.
      if (error.code === 1) return { stdout: "" };
      throw error;
    },
  );
  return parsePs(stdout)[0] ?? null;
}

/** `NAME=value` entries of its environment; null when it is gone or we may not look. Linux only. */
export function readEnvironment(pid: number): string[] | null {
  return isLinux ? (readProc(pid, "environ")?.split("\0") ?? null) : null;
}

function readProcess(pid: number): ProcessFacts | null {
  const stat = readProc(pid, "stat");
  const status = readProc(pid, "status");
  return stat === null || status === null ? null : parseProc(stat, status, bootId());
}

/** From /proc/<pid>/stat and /proc/<pid>/status (proc(5)); null for a zombie. */
export function parseProc(stat: string, status: string, boot: string): ProcessFacts | null {
  // The command's name may hold spaces and brackets: fields are counted after the last bracket, from field 3.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const field = (number: number) => fields[number - 3] ?? "";
  if (field(3) === "Z" || field(3) === "X") return null;
  return {
    pid: Number.parseInt(stat, 10),
    parentPid: Number(field(4)),
    groupId: Number(field(5)),
    sessionId: Number(field(6)),
    uid: Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]),
    birth: `${boot}/${field(22)}`,
    rssBytes: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024,
    isStopped: field(3) === "T",
  };
}

let knownBootId: string | undefined;
/** Start times count from the boot; with its id a birth means one moment. */
function bootId(): string {
  knownBootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return knownBootId;
}

function readProc(pid: number, file: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES" || code === "EPERM") return null;
    throw error;
  }
}

/** macOS and other Unixes. Their ps has no session number: the group stands in. */
const PS_COLUMNS = ["-o", "pid=,ppid=,pgid=,uid=,rss=,state=,lstart="];

export function parsePs(output: string): ProcessFacts[] {
  return output.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line);
    if (match === null || match[6]?.startsWith("Z")) return [];
    const [pid = 0, parentPid = 0, groupId = 0, uid = 0, rssKb = 0] = match.slice(1, 6).map(Number);
    const isStopped = match[6]?.startsWith("T") ?? false;
    return [
      { pid, parentPid, groupId, sessionId: groupId, uid, birth: match[7] ?? "", rssBytes: rssKb * 1024, isStopped },
    ];
  });
}
