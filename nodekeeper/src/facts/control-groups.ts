import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { absentAsNull } from "../files.ts";

/** A container's control groups, on a kernel with one hierarchy (v2) or with one for each controller (v1). */
export interface ControlGroup {
  version: 1 | 2;
  /** Folder of the memory controller. */
  memory: string;
  /** Folder of the counter of processor time. */
  cpu: string;
}

/** Where the control groups of a process are, from /proc/<pid>/cgroup. Null when it has none that we know. */
export function parseControlGroup(text: string, root: string): ControlGroup | null {
  const rows = text
    .trim()
    .split("\n")
    .map((line) => line.split(":"))
    .map(([id = "", controllers = "", ...path]) => ({ id, controllers: controllers.split(","), path: path.join(":") }));
  // Directly in a root is no container.
  const of = (controller: string) =>
    rows.find(({ controllers, path }) => controllers.includes(controller) && path !== "/")?.path;
  const memory = of("memory");
  const cpu = of("cpuacct");
  if (memory !== undefined && cpu !== undefined)
    return { version: 1, memory: join(root, "memory", memory), cpu: join(root, "cpuacct", cpu) };
  const unified = rows.find(({ id }) => id === "0")?.path;
  if (unified === undefined || unified === "/") return null;
  return { version: 2, memory: join(root, unified), cpu: join(root, unified) };
}

export async function findControlGroup(pid: number, root: string): Promise<ControlGroup | null> {
  const text = await absentAsNull(readFile(`/proc/${pid}/cgroup`, "utf8"));
  return text === null ? null : parseControlGroup(text, root);
}

export interface GroupUsage {
  memoryMb: number | null;
  swapMb: number | null;
  cpuMs: number | null;
}

const MB = 1024 * 1024;

export async function readGroupUsage({ version, memory, cpu }: ControlGroup): Promise<GroupUsage> {
  const read = async (folder: string, file: string) => absentAsNull(readFile(join(folder, file), "utf8"));
  const number = (text: string | null | undefined) => (text == null ? null : Number(text));
  const toMb = (bytes: number | null) => (bytes === null ? null : Math.round((bytes / MB) * 10) / 10);
  if (version === 2) {
    const cpuStat = await read(cpu, "cpu.stat");
    const usec = number(/^usage_usec (\d+)$/m.exec(cpuStat ?? "")?.[1]);
    return {
      memoryMb: toMb(number(await read(memory, "memory.current"))),
      swapMb: toMb(number(await read(memory, "memory.swap.current"))),
      cpuMs: usec === null ? null : Math.round(usec / 1_000),
    };
  }
  const nanoseconds = number(await read(cpu, "cpuacct.usage"));
  const stat = await read(memory, "memory.stat");
  return {
    memoryMb: toMb(number(await read(memory, "memory.usage_in_bytes"))),
    swapMb: toMb(number(/^total_swap (\d+)$/m.exec(stat ?? "")?.[1])),
    cpuMs: nanoseconds === null ? null : Math.round(nanoseconds / 1e6),
  };
}

/** Pids in the group and the groups below it; none when the group is gone. */
export async function listGroupPids({ memory }: ControlGroup): Promise<number[]> {
  const text = await absentAsNull(readFile(join(memory, "cgroup.procs"), "utf8"));
  return (text ?? "").split("\n").filter(Boolean).map(Number);
}

/** Pushed out at once where the kernel can be asked for a part: in between it is looked whether the slot still dozes. */
const PART_BYTES = 64 * MB;
/** What a frozen container keeps in any case. */
const REST_BYTES = 4 * MB;

/**
 * Pushes a group's memory out as far as it goes, to swap, and what is only cached away, while `isDozing`. A kernel that can do
 * less leaves all as it is.
 */
export async function pushMemoryOut(
  { version, memory }: ControlGroup,
  isDozing: () => Promise<boolean>,
): Promise<void> {
  // v1's force_empty asks for the same as v2's reclaim, in one go. Unlike a lowered limit, neither leaves anything behind after a crash.
  if (version === 1) {
    if (await isDozing()) await ask(join(memory, "memory.force_empty"), "0");
    return;
  }
  for (let last = Infinity; await isDozing();) {
    const current = Number(await absentAsNull(readFile(join(memory, "memory.current"), "utf8")));
    if (current < REST_BYTES || current >= last) return;
    last = current;
    await ask(join(memory, "memory.reclaim"), String(Math.min(current, PART_BYTES)));
  }
}

async function ask(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((error: NodeJS.ErrnoException) => {
    // EAGAIN, EBUSY: something had to stay. ENOENT, EACCES: this kernel has no such file.
    if (["EAGAIN", "EBUSY", "ENOENT", "EACCES"].includes(error.code ?? "")) return;
    throw error;
  });
}
