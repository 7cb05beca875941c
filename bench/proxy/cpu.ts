import { readdirSync, readFileSync } from "node:fs";

/** Time that all threads of a process have spent on a processor, in microseconds (proc_pid_schedstat: nanoseconds). */
export function cpuUs(pid: number): number {
  let ns = 0n;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const [onCpu = "0"] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ");
    ns += BigInt(onCpu);
  }
  return Number(ns / 1_000n);
}

/** Resident memory in kB. */
export function residentKb(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(found?.[1] ?? Number.NaN);
}
