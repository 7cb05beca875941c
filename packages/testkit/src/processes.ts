import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";

export interface ProcessInfo {
  pid: number;
  parentPid: number;
  uid: number;
  /** Command line, arguments separated by spaces. */
  command: string;
  /** `NAME=value` lines; empty where we may not look. */
  environment: string;
  /** Working folder; empty where we may not look. */
  folder: string;
}

/** Every process of this machine, as far as we may look. */
export function listProcesses(): ProcessInfo[] {
  return process.platform === "linux" ? listFromProc() : listFromPs();
}

/** Processes that work with a folder (named in arguments, environment or as working folder) or run as one of the uids. */
export function findProcesses({
  folder,
  uids = new Set(),
}: {
  folder: string;
  uids?: ReadonlySet<number>;
}): ProcessInfo[] {
  return listProcesses().filter(
    ({ pid, uid, command, environment, folder: cwd }) =>
      pid !== process.pid && (uids.has(uid) || [command, environment, cwd].some((text) => text.includes(folder))),
  );
}

/** True while the process lives; a zombie has ended. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return !/^State:\s+Z/m.test(readProc(pid, "status"));
}

/** True when `ancestors` holds the process itself or one that it descends from. */
export function descendsFrom(found: ProcessInfo, ancestors: ReadonlySet<number>, all: readonly ProcessInfo[]): boolean {
  const byPid = new Map(all.map((each) => [each.pid, each]));
  for (let at: ProcessInfo | undefined = found; at !== undefined; at = byPid.get(at.parentPid))
    if (ancestors.has(at.pid)) return true;
  return false;
}

export function describeProcess({ pid, uid, command }: ProcessInfo): string {
  return `${pid} (uid ${uid}) ${command.slice(0, 160)}`;
}

function listFromProc(): ProcessInfo[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const pid = Number(name);
      const status = readProc(pid, "status");
      // Gone since we listed, or a zombie, which holds nothing.
      if (status === "" || /^State:\s+Z/m.test(status)) return [];
      return [
        {
          pid,
          parentPid: Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? -1),
          uid: Number(/^Uid:\s+(\d+)/m.exec(status)?.[1] ?? -1),
          command: readProc(pid, "cmdline").replaceAll("\0", " ").trim(),
          environment: readProc(pid, "environ").replaceAll("\0", "\n"),
          folder: readFolder(pid),
        },
      ];
    });
}

/** Other systems: no environment, no working folder. */
function listFromPs(): ProcessInfo[] {
  const output = execFileSync("ps", ["-axo", "pid=,ppid=,uid=,command="], { encoding: "utf8" });
  return output.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/.exec(line);
    if (match === null) return [];
    const [, pid, parentPid, uid, command = ""] = match;
    return [{ pid: Number(pid), parentPid: Number(parentPid), uid: Number(uid), command, environment: "", folder: "" }];
  });
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}

function readFolder(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return "";
  }
}

/** Uids that own anything below the folder, without those of `except`. */
export function ownersBelow(folder: string, except: ReadonlySet<number> = new Set()): Set<number> {
  const uids = readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    try {
      return [statSync(`${entry.parentPath}/${entry.name}`).uid];
    } catch {
      return [];
    }
  });
  return new Set(uids.filter((uid) => !except.has(uid)));
}
