import { setTimeout as sleep } from "node:timers/promises";
import type { Backend, CandidateName } from "./candidates.ts";
import { startCandidate } from "./candidates.ts";
import { residentKb } from "./cpu.ts";
import type { Job } from "./jobs.ts";
import type { Started } from "./processes.ts";

export interface IdleFigure {
  /** Resident memory per pair of sockets, after a forced collection, kB. */
  kbPerPair: number;
  held: number;
}

/** A user may have 32 sockets. */
const SOCKETS_PER_USER = 32;
/** Memory for the first few requests is not the price of a socket. */
const WARM_SOCKETS = 200;

/** Holds so many idle sockets through a fresh process and weighs it before and after. Null for what is not installed. */
export async function measureIdle(
  name: CandidateName,
  { backend, load, pairs }: { backend: Backend; load: Started; pairs: number },
): Promise<IdleFigure | null> {
  const candidate = await startCandidate(name, backend, Math.ceil(pairs / SOCKETS_PER_USER));
  if (candidate === null) return null;
  const { target } = candidate;
  const ask = <Answer>(job: Job) => load.ask<Answer>({ job, target });
  const weigh = async () => {
    await candidate.collect?.();
    return residentKb(target.pid ?? 0);
  };
  try {
    await ask({ kind: "hold", sockets: WARM_SOCKETS });
    await ask({ kind: "release" });
    await sleep(500);
    const before = await weigh();
    const { held } = await ask<{ held: number }>({ kind: "hold", sockets: pairs });
    const after = await weigh();
    const { open } = await ask<{ open: number }>({ kind: "release" });
    if (open !== held) throw new Error(`${name} lost ${held - open} of ${held} idle sockets`);
    return { kbPerPair: (after - before) / held, held };
  } finally {
    await candidate.stop();
  }
}
